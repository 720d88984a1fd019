package filter

// The parts of an instruction's code (linux/bpf_common.h and linux/filter.h), as
// far as seccomp permits them.
const (
	classMask = 0x07
	classLd   = 0x00 // A = …
	classLdx  = 0x01 // X = …
	classSt   = 0x02 // M[k] = A
	classStx  = 0x03 // M[k] = X
	classALU  = 0x04
	classJmp  = 0x05
	classRet  = 0x06
	classMisc = 0x07

	modeImm = 0x00 // k
	modeAbs = 0x20 // the word at k
	modeMem = 0x60 // M[k]
	modeLen = 0x80 // the size of the data

	opMask = 0xf0
	opAdd  = 0x00
	opSub  = 0x10
	opMul  = 0x20
	opDiv  = 0x30
	opOr   = 0x40
	opAnd  = 0x50
	opLsh  = 0x60
	opRsh  = 0x70
	opNeg  = 0x80
	opXor  = 0xa0

	jumpAlways  = 0x00
	jumpEqual   = 0x10
	jumpGreater = 0x20
	jumpAtLeast = 0x30
	jumpSet     = 0x40 // A & operand != 0

	sourceX = 0x08 // the operand is X, and k otherwise

	returnK = classRet
	returnA = classRet | 0x10

	miscTax = classMisc        // X = A
	miscTxa = classMisc | 0x80 // A = X

	loadWord = classLd | modeAbs
	andK     = classALU | opAnd
)

// memoryWords is the size of M, the kernel's BPF_MEMWORDS.
const memoryWords = 16

// Offsets in the kernel's struct seccomp_data.
const (
	offsetNr   = 0
	offsetArch = 4
	offsetIP   = 8
	offsetArgs = 16
	dataSize   = 64
)
