#include "textflag.h"

// func byInterrupt(nr, arg0, arg1 uintptr) int32
TEXT ·byInterrupt(SB), NOSPLIT, $0-16
	MOVL nr+0(FP), AX
	MOVL arg0+4(FP), BX
	MOVL arg1+8(FP), CX
	INT  $0x80
	MOVL AX, ret+12(FP)
	RET

// func byPage(entry, nr, arg0, arg1 uintptr) int32
TEXT ·byPage(SB), NOSPLIT, $64-20
	MOVL entry+0(FP), DI
	MOVL nr+4(FP), AX
	MOVL arg0+8(FP), BX
	MOVL arg1+12(FP), CX
	CALL DI
	MOVL AX, ret+16(FP)
	RET
