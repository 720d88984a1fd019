#include "textflag.h"

TEXT ·fromAssembly(SB), NOSPLIT, $0-8
	MOVD $63, R0
	MOVD R0, ret+0(FP)
	RET
