#include "textflag.h"

// acct, by a constant.
TEXT ·plain(SB), NOSPLIT, $0
	MOVL $163, AX
	SYSCALL
	RET

// read, by zero.
TEXT ·zero(SB), NOSPLIT, $0
	XORL AX, AX
	XORL DI, DI
	SYSCALL
	RET

// The number is the caller's, passed on the stack; there is a frame.
TEXT ·fromArgument(SB), NOSPLIT, $24-8
	MOVQ nr+0(FP), AX
	SYSCALL
	RET

// sethostname or setdomainname.
TEXT ·conditional(SB), NOSPLIT, $0-8
	MOVL $170, AX
	MOVL $171, CX
	CMPQ n+0(FP), $3
	CMOVLGT CX, AX
	SYSCALL
	RET

// mlockall, over the stack.
TEXT ·pushed(SB), NOSPLIT, $0
	PUSHQ $151
	POPQ AX
	SYSCALL
	RET

// munlockall, over another register.
TEXT ·exchanged(SB), NOSPLIT, $0
	MOVL $152, BX
	XCHGQ BX, AX
	SYSCALL
	RET

TEXT ·otherKind(SB), NOSPLIT, $0
	MOVL $20, AX
	INT $0x80
	RET

TEXT ·otherEntry(SB), NOSPLIT, $0
	MOVL $20, AX
	SYSENTER
	RET

// swapon, then whatever it returned.
TEXT ·second(SB), NOSPLIT, $0
	MOVL $167, AX
	SYSCALL
	SYSCALL
	RET

// A jump to a function that makes the call.
TEXT ·tail(SB), NOSPLIT, $0-8
	MOVQ nr+0(FP), AX
	JMP ·jumped(SB)

TEXT ·jumped(SB), NOSPLIT, $0
	SYSCALL
	RET

// By what memory holds that nothing is known of.
TEXT ·untold(SB), NOSPLIT, $0
	MOVQ (DX), AX
	SYSCALL
	RET

// vhangup.
TEXT ·indirect(SB), NOSPLIT, $0
	MOVL $153, AX
	SYSCALL
	RET

// semget, by a SYSCALL that is written as bytes, with a prefix that changes nothing.
TEXT ·bytes(SB), NOSPLIT, $0
	MOVL $64, AX
	BYTE $0x48; BYTE $0x0f; BYTE $0x05
	RET

// semop, behind a byte that reads as the start of a longer instruction.
TEXT ·between(SB), NOSPLIT, $0
	MOVL $65, AX
	JMP over
	BYTE $0xe8
over:
	SYSCALL
	RET

// semctl, behind a variable that assembly sets.
TEXT ·between2(SB), NOSPLIT, $0
	MOVL $66, AX
	SYSCALL
	RET

TEXT ·flag(SB), NOSPLIT, $0
	MOVB $1, ·on(SB)
	RET

// msgget first, msgsnd after that.
TEXT ·loop(SB), NOSPLIT, $0-8
	MOVQ n+0(FP), R12
	MOVL $68, R13
again:
	MOVL R13, AX
	SYSCALL
	MOVL $69, R13
	DECQ R12
	JNE again
	RET

// By what the thread's own memory holds.
TEXT ·segment(SB), NOSPLIT, $0
	MOVQ (TLS), AX
	SYSCALL
	RET
