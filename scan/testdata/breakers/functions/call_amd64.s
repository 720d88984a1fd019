#include "textflag.h"

TEXT ·callInAssembly(SB), 0, $8-8
	MOVQ run+0(FP), DX
	MOVQ (DX), AX
	CALL AX
	RET

DATA ·calls+0(SB)/8, $0
DATA ·calls+8(SB)/8, $·inTable(SB)
GLOBL ·calls(SB), RODATA, $16

TEXT ·callFromTable(SB), 0, $8-0
	LEAQ ·calls(SB), AX
	MOVQ 8(AX), AX
	CALL AX
	RET
