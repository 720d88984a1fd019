#include "textflag.h"

TEXT ·callInAssembly(SB), 0, $16-8
	MOVD run+0(FP), R26
	MOVD (R26), R0
	CALL (R0)
	RET

DATA ·calls+0(SB)/8, $0
DATA ·calls+8(SB)/8, $·inTable(SB)
GLOBL ·calls(SB), RODATA, $16

TEXT ·callFromTable(SB), 0, $16-0
	MOVD $·calls(SB), R0
	MOVD 8(R0), R0
	CALL (R0)
	RET
