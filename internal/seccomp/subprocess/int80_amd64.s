//go:build linux

#include "textflag.h"

// func Int80(nr, arg0, arg1, arg2 uint32) int32
TEXT ·Int80(SB), NOSPLIT, $0-20
	MOVL nr+0(FP), AX
	MOVL arg0+4(FP), BX
	MOVL arg1+8(FP), CX
	MOVL arg2+12(FP), DX
	INT  $0x80
	MOVL AX, ret+16(FP)
	RET
