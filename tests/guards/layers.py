"""layers.py ROOT: includes go only to earlier rows of src/CMakeLists.txt, the layer table.

A file of src/<folder> may include its own folder and those that the folder's row lets it use, directly or through them.
LibTorch stays in nn, train, comm and .cpp files of eval; CLI11 in cli. Tests and apps may include anything.
"""

import pathlib
import re
import sys

root = pathlib.Path(sys.argv[1])
errors = []

may = {}
for line in (root / "src/CMakeLists.txt").read_text().splitlines():
    row = re.match(r"assay_module\((\w+)\s*(?:USES((?: +\w+)*?))?(?: +LINKS.*)?\)", line)
    if not row:
        continue
    module, used = row[1], (row[2] or "").split()
    may[module] = {module}
    for other in used:
        if other in may:
            may[module] |= may[other]
        else:
            errors.append(f"src/CMakeLists.txt: {module} uses {other}, which stands below it")
if len(may) < 15:
    errors.append(f"src/CMakeLists.txt: only {len(may)} rows of the layer table could be read")

include = re.compile(r'^\s*#\s*include\s*[<"]([^">]+)[">]')
for path in sorted((root / "src").rglob("*.[ch]pp")):
    name = path.relative_to(root / "src")
    folder = name.parts[0]
    if folder == "apps":
        continue
    torch_allowed = folder in ("nn", "train", "comm") or (folder == "eval" and path.suffix == ".cpp")
    for number, line in enumerate(path.read_text().splitlines(), 1):
        found = include.match(line)
        if not found:
            continue
        target = found[1]
        where = f"src/{name}:{number} includes {target}"
        if target.startswith(("torch/", "ATen/", "c10/")) or target == "nn/torch.hpp":
            if not torch_allowed:
                errors.append(f"{where}; LibTorch belongs into nn, train, comm and .cpp files of eval")
        if target.startswith("CLI/") and folder != "cli":
            errors.append(f"{where}; CLI11 belongs into cli")
        other = target.split("/")[0]
        if other in may and other not in may.get(folder, {folder}):
            errors.append(f"{where}, but its row in src/CMakeLists.txt does not let {folder} use {other}")
    if folder not in may:
        errors.append(f"src/{folder} has no row in src/CMakeLists.txt")

print("\n".join(errors) or f"{len(may)} folders keep their layers")
sys.exit(bool(errors))
