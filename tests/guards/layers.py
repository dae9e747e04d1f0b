"""layers.py ROOT: includes go only to earlier rows of src/CMakeLists.txt, the layer table.

A file of src/<folder> may include its own folder and those that the folder's row lets it use, directly or through them;
a file of a part (assay_part) what the part links. A file of a sub-room may include those sub-rooms of its folder that
stand before its own after ROOMS; headers of the folder itself include no sub-room but for the doors named below.
LibTorch stays in nn, train, comm and .cpp files of eval; CLI11 in cli. Tests and apps may include anything.
"""

import pathlib
import re
import sys

root = pathlib.Path(sys.argv[1])
errors = []
# Headers of a folder that show a type of a sub-room.
doors = {"search/planners.hpp": "stopping", "space/structure.hpp": "constraints"}

may, rooms, part_of = {}, {}, {}
for line in (root / "src/CMakeLists.txt").read_text().splitlines():
    part = re.match(r"assay_part\((\w+) (.*?) LINKS (.*)\)", line)
    if part:
        used = [name.removeprefix("assay_") for name in part[3].split()]
        may[part[1]] = set().union(*(may.get(name, set()) for name in used))
        for file in part[2].split():
            part_of[file.removesuffix(".cpp")] = part[1]
        continue
    row = re.match(r"assay_module\((\w+)\s*(?:USES((?: +\w+)*?))?(?: ROOMS((?: +\w+)*?))?(?: +LINKS.*)?\)", line)
    if not row:
        continue
    module, used = row[1], (row[2] or "").split()
    rooms[module] = (row[3] or "").split()
    may[module] = {module}
    for other in used:
        if other in may:
            may[module] |= may[other]
        else:
            errors.append(f"src/CMakeLists.txt: {module} uses {other}, which stands below it")
folders = set(rooms)
if len(folders) < 20:
    errors.append(f"src/CMakeLists.txt: only {len(folders)} rows of the layer table could be read")


def room_of(parts, folder):
    """The sub-room of a path below src/, or nothing."""
    return parts[1] if len(parts) > 2 and parts[0] == folder and parts[1] in rooms[folder] else None


include = re.compile(r'^\s*#\s*include\s*[<"]([^">]+)[">]')
for path in sorted((root / "src").rglob("*.[ch]pp")):
    name = path.relative_to(root / "src")
    folder = name.parts[0]
    if folder == "apps":
        continue
    if folder not in may:
        errors.append(f"src/{folder} has no row in src/CMakeLists.txt")
        continue
    if len(name.parts) > 2 and name.parts[1] not in rooms[folder]:
        errors.append(f"src/{folder}/{name.parts[1]} is not a sub-room of its row in src/CMakeLists.txt")
    allowed = may[folder] | may.get(part_of.get(str(name.with_suffix(""))), set())
    own_room = room_of(name.parts, folder)
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
        parts = pathlib.PurePosixPath(target).parts
        if parts[0] in folders and parts[0] not in allowed:
            errors.append(f"{where}, but its row in src/CMakeLists.txt does not let {folder} use {parts[0]}")
        other_room = room_of(parts, folder)
        if other_room and other_room != own_room:
            order = rooms[folder]
            if own_room and order.index(other_room) > order.index(own_room):
                errors.append(f"{where}, but {other_room} stands after {own_room} in its row of src/CMakeLists.txt")
            if not own_room and path.suffix == ".hpp" and doors.get(str(name)) != other_room:
                errors.append(f"{where}, but headers of {folder} itself do not include sub-rooms")

print("\n".join(errors) or f"{len(folders)} folders and {sum(map(len, rooms.values()))} sub-rooms keep their layers")
sys.exit(bool(errors))
