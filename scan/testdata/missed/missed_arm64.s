#include "textflag.h"

TEXT ·looped(SB), NOSPLIT|NOFRAME, $0
	MOVD $30, R19 // ioprio_set
	MOVD $2, R20
	SUB  $16, RSP

loop:
	MOVD R19, R8
	SVC
	SUBS $1, R20
	BNE  loop
	ADD  $16, RSP
	RET

TEXT ·entered(SB), NOSPLIT|NOFRAME, $0
	MOVD $31, R1 // ioprio_get
	MOVD $table<>(SB), R2
	MOVD (R2), R2
	B    (R2)

DATA table<>+0(SB)/8, $·skipped+4(SB)
GLOBL table<>(SB), RODATA, $8

TEXT ·skipped(SB), NOSPLIT|NOFRAME, $0
	MOVD $174, R1 // getuid
	MOVD R1, R8
	SVC
	RET

// The instruction is one for the assembler, and two for the processor.
TEXT ·within(SB), NOSPLIT|NOFRAME, $0
	MOVD $added<>(SB), R27
	B    ·hidden+4(SB)

DATA read<>+0(SB)/8, $174  // getuid
GLOBL read<>(SB), RODATA, $8
DATA added<>+0(SB)/8, $217 // add_key
GLOBL added<>(SB), RODATA, $8

TEXT ·hidden(SB), NOSPLIT|NOFRAME, $0
	MOVD read<>(SB), R8
	SVC
	RET

DATA word<>+0(SB)/8, $175 // geteuid
GLOBL word<>(SB), RODATA, $8

TEXT ·halved(SB), NOSPLIT, $32
	MOVD  $word<>(SB), R0
	FMOVD (R0), F0
	FMOVQ F0, 16(RSP)
	MOVD  24(RSP), R8 // zero: io_setup
	SVC
	RET

TEXT ·ranInto(SB), NOSPLIT|NOFRAME, $0
	MOVD $174, R8    // getuid
	CBZ  R0, other
	B    ·last(SB)

other:
	B ·behind(SB)

// It fills all 16 bytes up to the next function.
TEXT ·ranOn(SB), NOSPLIT|NOFRAME, $0
	MOVD $0, R0
	MOVD $0, R1
	MOVD $174, R8 // getuid
	MOVD $148, R8 // getresuid

TEXT ·last(SB), NOSPLIT|NOFRAME, $0
	SVC
	RET

TEXT ·padded(SB), NOSPLIT|NOFRAME, $0
	MOVD $0, R0
	MOVD $0, R1
	MOVD $150, R8 // getresgid
	NOOP

TEXT ·behind(SB), NOSPLIT|NOFRAME, $0
	SVC
	RET

TEXT ·misjudged(SB), NOSPLIT|NOFRAME, $0-8
	MOVD n+0(FP), R2
	MOVD $120, R0    // sched_getscheduler
	MOVD $174, R1    // getuid
	SUB  $32, RSP
	MOVD R0, 8(RSP)
	MOVD R1, 24(RSP)
	CBZ  R2, less
	B    over

less:
	ADD $16, RSP

over:
	MOVD 8(RSP), R8
	SVC
	ADD  $32, RSP // n is not 0
	RET

TEXT ·summed(SB), NOSPLIT, $32
	MOVD $174, R0 // getuid
	MOVD R0, 8(RSP)
	MOVD $8, R1
	ADD  R1, RSP, R1
	MOVD $121, R0 // sched_getparam
	MOVD R0, (R1)
	MOVD 8(RSP), R8
	SVC
	RET

DATA own<>+0(SB)/8, $·owner+20(SB)
GLOBL own<>(SB), RODATA, $8

TEXT ·owner(SB), NOSPLIT|NOFRAME, $0
	MOVD $174, R1 // getuid
	MOVD $own<>(SB), R2
	MOVD (R2), R2
	B    (R2)
	MOVD R1, R8
	SVC
	RET

TEXT ·borrowed(SB), NOSPLIT|NOFRAME, $0
	MOVD $158, R1 // getgroups
	MOVD $own<>(SB), R2
	MOVD (R2), R2
	B    (R2)

TEXT ·computed(SB), NOSPLIT|NOFRAME, $0-8
	MOVD n+0(FP), R1
	MOVD $166, R8 // umask
	ADR  start, R2
	ADD  R1<<2, R2, R2
	B    (R2)

start:
	MOVD $174, R8 // getuid
	SVC
	RET

TEXT ·named(SB), NOSPLIT|NOFRAME, $0
	MOVD $5, R1
	MOVD $153, R2 // times
	MOVD $·number(SB), R27
	MOVD R1, (R27)
	MOVD R2, 8(R27)
	RET

DATA odd<>+0(SB)/4, $0
DATA odd<>+4(SB)/8, $·kept(SB)
GLOBL odd<>(SB), NOPTR, $12

TEXT ·unaligned(SB), NOSPLIT, $16
	MOVD $odd<>(SB), R2
	MOVD 4(R2), R2
	BL   (R2)
	RET

TEXT ·kept(SB), NOSPLIT, $0
	MOVD $165, R8 // getrusage
	SVC
	RET
