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

TEXT ·ranInto(SB), NOSPLIT|NOFRAME, $0
	MOVL  $102, AX    // getuid
	TESTL DI, DI
	JEQ   other
	JMP   ·last(SB)

other:
	JMP ·behind(SB)

// It fills all 32 bytes up to the next function.
TEXT ·ranOn(SB), NOSPLIT|NOFRAME, $0
	MOVQ $0x100000000, BX
	MOVQ $0x100000000, CX
	XORL DI, DI
	MOVL $102, AX // getuid
	MOVL $118, AX // getresuid

TEXT ·last(SB), NOSPLIT|NOFRAME, $0
	SYSCALL
	RET

TEXT ·padded(SB), NOSPLIT|NOFRAME, $0
	MOVQ $0x100000000, BX
	MOVQ $0x100000000, CX
	XORL DI, DI
	XORL DI, DI
	MOVL $120, AX // getresgid
	BYTE $0x90
	BYTE $0x90
	BYTE $0x90

TEXT ·behind(SB), NOSPLIT|NOFRAME, $0
	SYSCALL
	RET

TEXT ·misjudged(SB), NOSPLIT|NOFRAME, $0-8
	MOVQ n+0(FP), CX
	SUBQ $32, SP
	MOVQ $145, 8(SP)  // sched_getscheduler
	MOVQ $102, 24(SP) // getuid
	CMPQ CX, $0
	JEQ  less
	JMP  over

less:
	ADDQ $16, SP

over:
	MOVQ 8(SP), AX
	SYSCALL
	ADDQ $32, SP // n is not 0
	RET

TEXT ·summed(SB), NOSPLIT, $32
	MOVQ $102, 8(SP) // getuid
	MOVL $8, CX
	ADDQ SP, CX
	MOVQ $143, (CX)  // sched_getparam
	MOVQ 8(SP), AX
	SYSCALL
	RET

DATA own<>+0(SB)/8, $·owner+17(SB)
GLOBL own<>(SB), RODATA, $8

TEXT ·owner(SB), NOSPLIT|NOFRAME, $0
	MOVL $102, BX // getuid
	LEAQ own<>(SB), CX
	MOVQ (CX), CX
	JMP  CX
	MOVL BX, AX
	SYSCALL
	RET

TEXT ·borrowed(SB), NOSPLIT|NOFRAME, $0
	MOVL $115, BX // getgroups
	LEAQ own<>(SB), CX
	MOVQ (CX), CX
	JMP  CX

TEXT ·computed(SB), NOSPLIT|NOFRAME, $0-8
	MOVQ n+0(FP), CX
	MOVL $95, AX  // umask
	LEAQ ·computed+26(SB), DX
	ADDQ CX, DX
	LEAQ (DX)(CX*4), DX
	JMP  DX
	MOVL $102, AX // getuid
	SYSCALL
	RET

TEXT ·named(SB), NOSPLIT, $0
	LEAQ ·number(SB), R11
	MOVQ $5, (R11)
	MOVQ $100, 8(R11) // times
	RET

DATA odd<>+0(SB)/4, $0
DATA odd<>+4(SB)/8, $·kept(SB)
GLOBL odd<>(SB), NOPTR, $12

TEXT ·unaligned(SB), NOSPLIT, $0
	LEAQ odd<>(SB), CX
	MOVQ 4(CX), CX
	CALL CX
	RET

TEXT ·kept(SB), NOSPLIT, $0
	MOVL $98, AX // getrusage
	SYSCALL
	RET
