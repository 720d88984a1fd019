#include "textflag.h"

GLOBL buffer<>(SB), NOPTR, $4096

// The stack holds argc, then argv.
TEXT ·start(SB), NOSPLIT|NOFRAME, $0
	ADD $16, RSP, R19       // &argv[1]
	MOVD $buffer<>(SB), R21
next:
	MOVD (R19), R1
	ADD $8, R19
	CBZ R1, done
	MOVD $56, R8            // openat(AT_FDCWD, R1, O_RDONLY)
	MOVD $-100, R0
	MOVD ZR, R2
	MOVD ZR, R3
	SVC
	TBNZ $63, R0, fail
	MOVD R0, R20
more:
	MOVD $63, R8            // read
	MOVD R20, R0
	MOVD R21, R1
	MOVD $4096, R2
	SVC
	CBZ R0, next
	TBNZ $63, R0, fail
	MOVD R0, R2
	MOVD $64, R8            // write
	MOVD $1, R0
	MOVD R21, R1
	SVC
	B more
fail:
	MOVD $9, R0
	B exit
done:
	MOVD ZR, R0
exit:
	MOVD $94, R8            // exit_group
	SVC
	UNDEF
