# SPDX-License-Identifier: BSD-3-Clause
# The labels of public doc comments as the aliases of Doxyfile.in. Keeps line numbers.
s/^\( \*\) Thread safety: /\1 @safety /
s/^\( \*\) Ownership: /\1 @ownership /
