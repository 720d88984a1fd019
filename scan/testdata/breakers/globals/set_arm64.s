#include "textflag.h"

TEXT ·setInAssembly(SB), NOSPLIT, $0
	MOVD $1, R1
	MOVD R1, ·byAssembly(SB)
	RET

TEXT ·setByAddress(SB), NOSPLIT, $0
	MOVD $·byAssemblyLater(SB), R0
	MOVD $2, R1
	MOVD R1, 8(R0)
	RET

TEXT ·setGiven(SB), NOSPLIT, $0-8
	MOVD to+0(FP), R0
	MOVD $3, R1
	MOVD R1, (R0)
	RET
