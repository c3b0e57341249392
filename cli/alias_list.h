/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Old names that keep working: COMMAND_ALIAS(old, new), OPTION_ALIAS(old, new). Only rows. No help shows them; CHANGELOG.md says
 * since when, and tests/cli/aliases.sh runs each.
 */
COMMAND_ALIAS("fold", "compact")
OPTION_ALIAS("floor", "baseline")
