#include "textflag.h"

TEXT ·swapped(SB), NOSPLIT, $0-24
	MOVQ nr+8(FP), AX
	MOVQ fd+16(FP), DI
	XORL SI, SI
	MOVQ flags+0(FP), BX
	XCHGQ BX, DX
	SYSCALL
	RET

TEXT ·jumps(SB), NOSPLIT, $0-24
	JMP ·swapped(SB)
