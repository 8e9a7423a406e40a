"""A function whose import fails."""

import no_such_module_anywhere

handler = no_such_module_anywhere.handler
