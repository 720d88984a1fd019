#include "textflag.h"

TEXT ·fromAssembly(SB), NOSPLIT, $0-8
	MOVQ $63, ret+0(FP)
	RET
