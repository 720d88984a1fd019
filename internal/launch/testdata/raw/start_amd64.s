#include "textflag.h"

GLOBL buffer<>(SB), NOPTR, $4096

// The stack holds argc, then argv.
TEXT ·start(SB), NOSPLIT|NOFRAME, $0
	MOVQ SP, BX
	ADDQ $16, BX            // &argv[1]
	LEAQ buffer<>(SB), R13
next:
	MOVQ (BX), SI
	ADDQ $8, BX
	TESTQ SI, SI
	JEQ done
	MOVL $257, AX           // openat(AT_FDCWD, SI, O_RDONLY)
	MOVQ $-100, DI
	XORL DX, DX
	XORL R10, R10
	SYSCALL
	TESTQ AX, AX
	JLT fail
	MOVQ AX, R12
more:
	XORL AX, AX             // read
	MOVQ R12, DI
	MOVQ R13, SI
	MOVL $4096, DX
	SYSCALL
	TESTQ AX, AX
	JEQ next
	JLT fail
	MOVQ AX, DX
	MOVL $1, AX             // write
	MOVL $1, DI
	MOVQ R13, SI
	SYSCALL
	JMP more
fail:
	MOVL $9, DI
	JMP exit
done:
	XORL DI, DI
exit:
	MOVL $231, AX           // exit_group
	SYSCALL
	UD2
