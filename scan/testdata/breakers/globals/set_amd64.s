#include "textflag.h"

TEXT ·setInAssembly(SB), NOSPLIT, $0
	MOVQ $1, ·byAssembly(SB)
	RET

TEXT ·setByAddress(SB), NOSPLIT, $0
	LEAQ ·byAssemblyLater(SB), AX
	MOVQ $2, 8(AX)
	RET

TEXT ·setGiven(SB), NOSPLIT, $0-8
	MOVQ to+0(FP), AX
	MOVQ $3, (AX)
	RET
