// What this build is and where its neighbours are: for --version, done.json and the messages that name a path.
#pragma once

#include <string>

namespace assay::base {

/// "0.1.0".
std::string version();
/// Abbreviated git commit, "-dirty" behind it if files were changed; "unknown" outside a git checkout.
std::string revision();
/// The checkout that this program was built from; it need not exist any more.
std::string source_folder();
/// The Python that belongs to LibTorch: $ASSAY_PYTHON, else the one found when the program was built.
std::string python();
/// The folder that holds slurm/, configs/ and datasets/: the checkout, or <prefix>/share/assay of an installed program;
/// found relative to the running executable, the source folder as last resort.
std::string share_folder();

}  // namespace assay::base
