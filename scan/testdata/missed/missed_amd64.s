#include "textflag.h"

TEXT ·looped(SB), NOSPLIT, $0
	MOVL $251, BX // ioprio_set
	MOVL $2, R12
	SUBQ $16, SP
loop:
	MOVL BX, AX
	SYSCALL
	DECQ R12
	JNE  loop
	ADDQ $16, SP
	RET

TEXT ·entered(SB), NOSPLIT, $0
	MOVL $252, DI // ioprio_get
	LEAQ table<>(SB), CX
	MOVQ (CX), CX
	JMP  CX

DATA table<>+0(SB)/8, $·skipped+5(SB)
GLOBL table<>(SB), RODATA, $8

TEXT ·skipped(SB), NOSPLIT, $0
	MOVL $102, DI // getuid
	MOVL DI, AX
	SYSCALL
	RET

TEXT ·within(SB), NOSPLIT, $0
	LEAQ ·hidden+2(SB), AX
	JMP  AX

// The byte makes one instruction of what follows, for who comes from above.
TEXT ·hidden(SB), NOSPLIT, $0
	RET
	BYTE $0xb8
	MOVL $248, AX // add_key
	SYSCALL
	RET

DATA word<>+0(SB)/8, $107 // geteuid
GLOBL word<>(SB), RODATA, $8

TEXT ·halved(SB), NOSPLIT, $32
	MOVQ   word<>(SB), X0
	MOVUPS X0, 0(SP)
	MOVQ   8(SP), AX // zero: read
	XORL   DX, DX
	SYSCALL
	RET
