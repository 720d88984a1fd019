#include "textflag.h"

// acct, by a constant.
TEXT ·plain(SB), NOSPLIT, $0
	MOVD $89, R8
	SVC
	RET

// io_setup, by zero.
TEXT ·zero(SB), NOSPLIT, $0
	EOR R8, R8, R8
	SVC
	RET

// The number is the caller's, passed on the stack; there is a frame.
TEXT ·fromArgument(SB), NOSPLIT, $24-8
	MOVD nr+0(FP), R8
	SVC
	RET

// sethostname or setdomainname.
TEXT ·conditional(SB), NOSPLIT, $0-8
	MOVD $161, R0
	MOVD $162, R1
	MOVD n+0(FP), R2
	CMP  $3, R2
	CSEL GT, R1, R0, R8
	SVC
	RET

// mlockall, over the stack.
TEXT ·pushed(SB), NOSPLIT|NOFRAME, $0
	MOVD $230, R0
	SUB  $16, RSP
	STP  (R1, R0), (RSP)
	LDP  (RSP), (R2, R8)
	ADD  $16, RSP
	SVC
	RET

// munlockall, over another register.
TEXT ·exchanged(SB), NOSPLIT, $0
	MOVD $231, R1
	MOVD $0, R8
	EOR  R1, R8
	EOR  R8, R1
	EOR  R1, R8
	SVC
	RET

// Behind ZERO of SME.
TEXT ·otherKind(SB), NOSPLIT, $0
	MOVD $20, R8
	WORD $0xc0080000
	SVC
	RET

// BRAAZ R1.
TEXT ·otherEntry(SB), NOSPLIT, $0
	MOVD $20, R8
	MOVD $·plain(SB), R1
	WORD $0xd61f083f

// swapon, then whatever it returned.
TEXT ·second(SB), NOSPLIT, $0
	MOVD $224, R8
	SVC
	MOVD R0, R8
	SVC
	RET

// A jump to a function that makes the call.
TEXT ·tail(SB), NOSPLIT, $0-8
	MOVD nr+0(FP), R8
	B    ·jumped(SB)

TEXT ·jumped(SB), NOSPLIT, $0
	SVC
	RET

// By what memory holds that nothing is known of.
TEXT ·untold(SB), NOSPLIT, $0
	MOVD (R2), R8
	SVC
	RET

// vhangup.
TEXT ·indirect(SB), NOSPLIT, $0
	MOVD $58, R8
	SVC
	RET

// semget, by an SVC that is written as a word, with a number that nobody reads.
TEXT ·bytes(SB), NOSPLIT, $0
	MOVD $190, R8
	WORD $0xd4024681
	RET

// semop, behind a word that is no instruction.
TEXT ·between(SB), NOSPLIT, $0
	MOVD $193, R8
	B    over
	WORD $0xffffffff

over:
	SVC
	RET

// semctl, behind a variable that assembly sets.
TEXT ·between2(SB), NOSPLIT, $0
	MOVD $191, R8
	SVC
	RET

TEXT ·flag(SB), NOSPLIT, $0
	MOVD $1, R0
	MOVB R0, ·on(SB)
	RET

// msgget first, msgsnd after that.
TEXT ·loop(SB), NOSPLIT, $0-8
	MOVD n+0(FP), R19
	MOVD $186, R20

again:
	MOVD R20, R8
	SVC
	MOVD $189, R20
	SUBS $1, R19
	BNE  again
	RET

// By what the thread's own memory holds.
TEXT ·segment(SB), NOSPLIT, $0
	MRS  TPIDR_EL0, R0
	MOVD 16(R0), R8
	SVC
	RET
