#include "base/hash.hpp"

#include <catch2/catch_test_macros.hpp>
#include <string>

using namespace assay::base;

TEST_CASE("SHA-256 gives the values of FIPS 180-4") {
  CHECK(sha256("") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  CHECK(sha256("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  CHECK(sha256("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq") ==
        "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  CHECK(sha256(std::string(1'000'000, 'a')) == "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST_CASE("SHA-256 does not depend on how the bytes are cut") {
  const std::string text(1000, 'x');
  for (std::size_t cut : {1u, 63u, 64u, 65u, 999u}) {
    Sha256 sum;
    sum.update(text.substr(0, cut));
    sum.update(text.substr(cut));
    CHECK(sum.hex() == sha256(text));
  }
}

TEST_CASE("CRC-32 gives the check value of its polynomial") { CHECK(crc32("123456789") == 0xcbf43926u); }
