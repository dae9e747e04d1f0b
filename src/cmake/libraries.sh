#!/usr/bin/env bash
# libraries.sh CACHE: builds those libraries of archives.txt that neither this machine nor CACHE has into CACHE/<name>-<version>.
# Called by bin/setup. Needs a C++ compiler, and cmake for Catch2. Prints what it fetched; names what it could not get.
set -euo pipefail
cache=$1
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

# The names of the libraries that the compiler does not find, or finds too old; Plotly.js is no Debian package of use.
lacking() {
  echo plotly
  "${CXX:-c++}" -std=c++20 -E -P -x c++ - 2>/dev/null <<'SOURCE' | sed -n 's/^lack //p'
#if !__has_include(<CLI/Version.hpp>)
lack cli11
#endif
#if !__has_include(<toml++/toml.h>)
lack toml
#endif
#if !__has_include(<nlohmann/json_fwd.hpp>)
lack json
#endif
#if __has_include(<fmt/core.h>)
#include <fmt/core.h>
#endif
#if !defined(FMT_VERSION) || FMT_VERSION < 90000
lack fmt
#endif
#if !__has_include(<simdjson.h>)
lack simdjson
#endif
#if !__has_include(<boost/math/distributions/students_t.hpp>) || !__has_include(<boost/random/sobol.hpp>)
lack boost
#endif
#if !__has_include(<stb/stb_image.h>)
lack stb
#endif
#if !__has_include(<zlib.h>)
lack zlib
#endif
#if !__has_include(<catch2/catch_test_macros.hpp>)
lack catch2
#endif
SOURCE
}

get() {
  if command -v curl >/dev/null; then curl -fsSL --retry 2 --connect-timeout 20 -o "$2" "$1"
  elif command -v wget >/dev/null; then wget -q --tries 3 -O "$2" "$1"
  else python3 -c 'import sys, urllib.request; urllib.request.urlretrieve(*sys.argv[1:])' "$1" "$2"; fi
}

# fetch SUM FILE ADDRESS...: the archive, from ASSAY_MIRROR or the first address that gives the right bytes.
fetch() {
  local sum=$1 file=$2 address name
  shift 2
  for address in "$@"; do
    if [[ ${ASSAY_MIRROR:-} ]]; then
      name=$(basename "$1" | sed 's/%2b/+/g; s/%7e/~/g')
      [[ -e $ASSAY_MIRROR/$name ]] || { echo "libraries: $name is not in $ASSAY_MIRROR (ASSAY_MIRROR)." >&2; return 1; }
      cp "$ASSAY_MIRROR/$name" "$file"
    else
      get "$address" "$file" 2>/dev/null || continue
    fi
    [[ $(sha256sum <"$file") == "$sum  -" ]] && return
    echo "libraries: $address does not have the SHA-256 of src/cmake/archives.txt; it is not used." >&2
  done
  return 1
}

# build NAME SOURCE PREFIX: headers and, where there is code, a static library.
build() {
  local source=$2 prefix=$3 object=$2/object
  mkdir -p "$prefix/include" "$prefix/lib" "$object"
  case $1 in
    cli11) cp -r "$source/include/CLI" "$prefix/include/";;
    toml)  cp -r "$source/third_party/tomlplusplus/include/toml++" "$prefix/include/";;
    json)  cp -r "$source/single_include/nlohmann" "$prefix/include/";;
    fmt)
      cp -r "$source/include/fmt" "$prefix/include/"
      "${CXX:-c++}" -std=c++20 -O2 -DNDEBUG -fPIC -I "$source/include" -c "$source/src/format.cc" -o "$object/format.o"
      ar rcs "$prefix/lib/libfmt.a" "$object/format.o";;
    boost) cp -r "$source"/pystan/stan/lib/stan_math/lib/boost_1.69.0/boost "$prefix/include/";;
    stb)   mkdir "$prefix/include/stb" && cp "$source"/*.h "$prefix/include/stb/";;
    simdjson)
      cp "$source/singleheader/simdjson.h" "$prefix/include/"
      "${CXX:-c++}" -std=c++17 -O2 -DNDEBUG -fPIC -c "$source/singleheader/simdjson.cpp" -o "$object/simdjson.o"
      ar rcs "$prefix/lib/libsimdjson.a" "$object/simdjson.o";;
    plotly) mkdir -p "$prefix/share" && cp "$source/plotly/package_data/plotly.min.js" "$prefix/share/";;
    zlib)
      cp "$source/zlib.h" "$source/zconf.h" "$prefix/include/"
      (cd "$object" && "${CC:-cc}" -O2 -fPIC -DHAVE_UNISTD_H -DHAVE_STDARG_H -D_LARGEFILE64_SOURCE=1 -c "$source"/*.c)
      ar rcs "$prefix/lib/libz.a" "$object"/*.o;;
    catch2)
      cmake -S "$source" -B "$object" -G Ninja -DCMAKE_BUILD_TYPE=Release -DCMAKE_CXX_STANDARD=20 -DCMAKE_UNITY_BUILD=ON -DBUILD_TESTING=OFF \
        -DCATCH_INSTALL_DOCS=OFF -DCMAKE_INSTALL_LIBDIR=lib -DCMAKE_INSTALL_PREFIX="$prefix" >/dev/null
      cmake --build "$object" >/dev/null && cmake --install "$object" >/dev/null;;
  esac
}

# parts NAME: what of the archive is needed, as tar patterns; the others are small.
parts() {
  case $1 in
    boost) echo '*/boost_1.69.0/boost/*';;
    json)  echo '*/single_include/*';;
    plotly) echo '*/package_data/plotly.min.js';;
    *)     echo '*';;
  esac
}

mkdir -p "$cache"
lacks=$(lacking)
work=$cache/tmp.$$
trap 'rm -rf "$work"' EXIT
lost=()
while read -r name version sum addresses; do
  [[ $name == \#* || ! $name ]] && continue
  [[ -e $cache/$name-$version ]] && continue
  grep -qx "$name" <<<"$lacks" || continue
  mkdir -p "$work/$name/source"
  read -ra address <<<"$addresses"
  fetch "$sum" "$work/$name/archive" "${address[@]}" || { lost+=("$name"); continue; }
  tar -xf "$work/$name/archive" -C "$work/$name/source" --strip-components=1 --wildcards "$(parts "$name")"
  set +e  # inside a condition the subshell would not stop at the first failure
  (set -e; build "$name" "$work/$name/source" "$work/$name/prefix") >"$work/log" 2>&1
  built=$?
  set -e
  if ((built == 0)); then
    mv -T "$work/$name/prefix" "$cache/$name-$version"
    echo "  $name $version -> $cache/$name-$version"
  else
    tail -n 5 "$work/log" >&2
    lost+=("$name")
  fi
done <"$here/archives.txt"
# Without Plotly.js all works; reports hold tables only.
for i in "${!lost[@]}"; do
  [[ ${lost[i]} != plotly ]] || { unset 'lost[i]'; echo "libraries: Plotly.js could not be had: reports will have no charts." >&2; }
done
((${#lost[@]} == 0)) && exit

declare -A package=([cli11]=libcli11-dev [toml]=libtomlplusplus-dev [json]=nlohmann-json3-dev [fmt]=libfmt-dev [simdjson]=libsimdjson-dev
  [boost]=libboost-dev [stb]=libstb-dev [zlib]=zlib1g-dev [catch2]=catch2)
for name in "${lost[@]}"; do
  echo "libraries: $name could not be had: install the Debian package ${package[$name]} (a module or Spack package $name does as well)," \
    "or put its archive of src/cmake/archives.txt into a folder and name that in ASSAY_MIRROR." >&2
done
exit 69
