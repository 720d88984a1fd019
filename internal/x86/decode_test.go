package x86

import (
	"encoding/hex"
	"errors"
	"strings"
	"testing"

	"github.com/gocurb/curb/internal/isa"
)

const pc = 0x400000

func parse(t testing.TB, code string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.ReplaceAll(code, " ", ""))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func reg(r isa.Reg, size uint8) isa.Operand {
	return isa.Operand{Kind: isa.KindReg, Size: size, Reg: r}
}
func imm(v int64, size uint8) isa.Operand { return isa.Operand{Kind: isa.KindImm, Size: size, Imm: v} }
func vec128(n, size uint8) isa.Operand {
	return isa.Operand{Kind: isa.KindVec, Size: size, Reg: isa.Reg(n)}
}
func at(base isa.Reg, disp int64, size uint8) isa.Operand {
	return isa.Operand{Kind: isa.KindMem, Size: size, Base: base, Index: isa.NoReg, Scale: 1, Imm: disp}
}
func indexed(base, index isa.Reg, scale uint8, disp int64, size uint8) isa.Operand {
	return isa.Operand{Kind: isa.KindMem, Size: size, Base: base, Index: index, Scale: scale, Imm: disp}
}
func rip(addr int64, size uint8) isa.Operand {
	o := at(isa.NoReg, addr, size)
	o.Rip = true
	return o
}
func inexact(o isa.Operand) isa.Operand {
	o.Inexact = true
	return o
}
func seg(o isa.Operand, prefix uint8) isa.Operand {
	o.Seg = prefix
	return o
}

func set(regs ...isa.Reg) (s isa.RegSet) {
	for _, r := range regs {
		s |= 1 << r
	}
	return s
}

// TestDecode spells out what the analysis relies on, one instruction of each
// kind and the exceptions.
func TestDecode(t *testing.T) {
	for _, test := range []struct {
		code, text string
		want       isa.Inst
	}{
		// Moves.
		{"48 89 d8", "mov rax, rbx", isa.Inst{Op: isa.Mov, Size: 8, Writes: set(AX), Dst: reg(AX, 8), Src: reg(BX, 8)}},
		{"44 8b 44 24 08", "mov r8d, [rsp+8]", isa.Inst{Op: isa.Mov, Size: 4, Writes: set(R8), Dst: reg(R8, 4), Src: at(SP, 8, 4)}},
		{"66 c7 00 34 12", "mov word [rax], 0x1234", isa.Inst{Op: isa.Mov, Size: 2, Dst: at(AX, 0, 2), Src: imm(0x1234, 2)}},
		{"c7 05 10 00 00 00 ff ff ff ff", "mov dword [rip+16], -1: the immediate counts", isa.Inst{Op: isa.Mov, Size: 4, Dst: rip(pc+10+16, 4), Src: imm(-1, 4)}},
		{"48 b8 88 77 66 55 44 33 22 11", "mov rax, imm64", isa.Inst{Op: isa.Mov, Size: 8, Writes: set(AX), Dst: reg(AX, 8), Src: imm(0x1122334455667788, 8)}},
		{"41 b9 ff ff ff ff", "mov r9d, -1", isa.Inst{Op: isa.Mov, Size: 4, Writes: set(R9), Dst: reg(R9, 4), Src: imm(-1, 4)}},
		{"66 b9 34 12", "mov cx, 0x1234", isa.Inst{Op: isa.Mov, Size: 2, Writes: set(CX), Dst: reg(CX, 2), Src: imm(0x1234, 2)}},
		{"a1 88 77 66 55 44 33 22 11", "mov eax, [moffs64]", isa.Inst{Op: isa.Mov, Size: 4, Writes: set(AX), Dst: reg(AX, 4), Src: at(isa.NoReg, 0x1122334455667788, 4)}},
		{"67 a3 44 33 22 91", "mov [moffs32], eax", isa.Inst{Op: isa.Mov, Size: 4, Dst: at(isa.NoReg, 0x91223344, 4), Src: reg(AX, 4)}},
		{"64 48 8b 04 25 f8 ff ff ff", "mov rax, fs:[-8]", isa.Inst{Op: isa.Mov, Size: 8, Writes: set(AX), Dst: reg(AX, 8), Src: seg(at(isa.NoReg, -8, 8), 0x64)}},
		{"4a 8b 04 e1", "mov rax, [rcx+r12*8]", isa.Inst{Op: isa.Mov, Size: 8, Writes: set(AX), Dst: reg(AX, 8), Src: indexed(CX, R12, 8, 0, 8)}},
		{"8b 04 cd 00 10 00 00", "mov eax, [rcx*8+0x1000]", isa.Inst{Op: isa.Mov, Size: 4, Writes: set(AX), Dst: reg(AX, 4), Src: indexed(isa.NoReg, CX, 8, 0x1000, 4)}},
		{"67 8b 00", "mov eax, [eax]", isa.Inst{Op: isa.Mov, Size: 4, Writes: set(AX), Dst: reg(AX, 4), Src: inexact(at(AX, 0, 4))}},
		{"40 88 f4", "mov spl, sil", isa.Inst{Op: isa.Mov, Size: 1, Writes: set(SP), Dst: reg(SP, 1), Src: reg(SI, 1)}},
		{"88 dc", "mov ah, bl", isa.Inst{Op: isa.Other, Size: 1, Writes: set(AX), Src: reg(BX, 1)}},
		{"0f b6 c4", "movzx eax, ah", isa.Inst{Op: isa.Other, Size: 4, Writes: set(AX), Dst: reg(AX, 4)}},
		{"4c 0f b7 00", "movzx r8, word [rax]", isa.Inst{Op: isa.MovZX, Size: 8, Writes: set(R8), Dst: reg(R8, 8), Src: at(AX, 0, 2)}},
		{"48 63 d0", "movsxd rdx, eax", isa.Inst{Op: isa.MovSX, Size: 8, Writes: set(DX), Dst: reg(DX, 8), Src: reg(AX, 4)}},
		{"48 98", "cdqe", isa.Inst{Op: isa.MovSX, Size: 8, Writes: set(AX), Dst: reg(AX, 8), Src: reg(AX, 4)}},
		{"48 8d 05 01 00 00 00", "lea rax, [rip+1]", isa.Inst{Op: isa.Lea, Size: 8, Writes: set(AX), Dst: reg(AX, 8), Src: rip(pc+8, 8)}},
		{"67 48 8d 03", "lea rax, [ebx] cuts the sum", isa.Inst{Op: isa.Other, Size: 8, Writes: set(AX), Dst: reg(AX, 8), Src: inexact(at(BX, 0, 8))}},
		{"48 0f c3 08", "movnti [rax], rcx", isa.Inst{Op: isa.Mov, Size: 8, Dst: at(AX, 0, 8), Src: reg(CX, 8)}},
		{"8c d8", "mov eax, ds", isa.Inst{Op: isa.Other, Size: 4, Writes: set(AX), Dst: reg(AX, 4)}},
		{"8c 18", "mov [rax], ds", isa.Inst{Op: isa.Other, Size: 4, Dst: at(AX, 0, 2)}},
		{"48 0f 44 c8", "cmove rcx, rax", isa.Inst{Op: isa.CondMove, Size: 8, Cond: 4, Writes: set(CX), Dst: reg(CX, 8), Src: reg(AX, 8)}},
		{"0f 95 c2", "setne dl", isa.Inst{Op: isa.SetCond, Size: 1, Cond: 5, Writes: set(DX), Dst: reg(DX, 1)}},

		// Arithmetic.
		{"48 83 c4 f0", "add rsp, -16", isa.Inst{Op: isa.Add, Size: 8, Writes: set(SP), Dst: reg(SP, 8), Src: imm(-16, 8)}},
		{"66 05 34 12", "add ax, 0x1234", isa.Inst{Op: isa.Add, Size: 2, Writes: set(AX), Dst: reg(AX, 2), Src: imm(0x1234, 2)}},
		{"48 05 ff ff ff ff", "add rax, -1", isa.Inst{Op: isa.Add, Size: 8, Writes: set(AX), Dst: reg(AX, 8), Src: imm(-1, 8)}},
		{"48 ff c1", "inc rcx", isa.Inst{Op: isa.Add, Size: 8, Writes: set(CX), Dst: reg(CX, 8), Src: imm(1, 8)}},
		{"31 c0", "xor eax, eax", isa.Inst{Op: isa.Zero, Size: 4, Writes: set(AX), Dst: reg(AX, 4)}},
		{"31 c8", "xor eax, ecx", isa.Inst{Op: isa.Xor, Size: 4, Writes: set(AX), Dst: reg(AX, 4), Src: reg(CX, 4)}},
		{"48 19 c0", "sbb rax, rax is no zero", isa.Inst{Op: isa.Other, Size: 8, Writes: set(AX), Dst: reg(AX, 8), Src: reg(AX, 8)}},
		{"c1 e0 05", "shl eax, 5", isa.Inst{Op: isa.Shl, Size: 4, Writes: set(AX), Dst: reg(AX, 4), Src: imm(5, 4)}},
		{"48 d3 e8", "shr rax, cl", isa.Inst{Op: isa.Shr, Size: 8, Writes: set(AX), Dst: reg(AX, 8), Src: reg(CX, 1)}},
		{"f6 c3 01", "test bl, 1", isa.Inst{Op: isa.Test, Size: 1, Dst: reg(BX, 1), Src: imm(1, 1)}},
		{"48 3b 46 10", "cmp rax, [rsi+16]", isa.Inst{Op: isa.Cmp, Size: 8, Dst: reg(AX, 8), Src: at(SI, 16, 8)}},
		{"f7 e1", "mul ecx", isa.Inst{Op: isa.Other, Size: 4, Writes: set(AX, DX), Src: reg(CX, 4)}},
		{"f6 e1", "mul cl", isa.Inst{Op: isa.Other, Size: 1, Writes: set(AX), Src: reg(CX, 1)}},
		{"48 6b c1 07", "imul rax, rcx, 7", isa.Inst{Op: isa.Other, Size: 8, Writes: set(AX), Dst: reg(AX, 8), Src: reg(CX, 8)}},
		{"48 99", "cqo", isa.Inst{Op: isa.Other, Writes: set(DX)}},
		{"49 0f c9", "bswap r9", isa.Inst{Op: isa.Other, Size: 8, Writes: set(R9), Dst: reg(R9, 8)}},
		{"0f ba e6 07", "bt esi, 7", isa.Inst{Op: isa.BitTest, Size: 4, Dst: reg(SI, 4), Src: imm(0x80, 4)}},
		{"0f ba 20 07", "bt [rax], 7", isa.Inst{Op: isa.Other, Size: 4, Src: at(AX, 0, 4)}},
		{"0f ab 08", "bts [rax], ecx writes anywhere", isa.Inst{Op: isa.Other, Size: 4, Dst: inexact(at(AX, 0, 0)), Src: reg(CX, 4)}},

		// Exchange and atomic operations.
		{"87 0a", "xchg [rdx], ecx", isa.Inst{Op: isa.Xchg, Size: 4, Writes: set(CX), Dst: at(DX, 0, 4), Src: reg(CX, 4)}},
		{"90", "nop", isa.Inst{Op: isa.Nop}},
		{"49 90", "xchg r8, rax", isa.Inst{Op: isa.Xchg, Size: 8, Writes: set(AX, R8), Dst: reg(AX, 8), Src: reg(R8, 8)}},
		{"f0 48 ff 00", "lock inc [rax]", isa.Inst{Op: isa.Locked, Size: 8, Dst: at(AX, 0, 8), Src: imm(1, 8)}},
		{"f0 0f c1 08", "lock xadd [rax], ecx", isa.Inst{Op: isa.Locked, Size: 4, Writes: set(CX), Dst: at(AX, 0, 4), Src: reg(CX, 4)}},
		{"f0 0f b1 0b", "lock cmpxchg [rbx], ecx", isa.Inst{Op: isa.Locked, Size: 4, Writes: set(AX), Dst: at(BX, 0, 4), Src: reg(CX, 4)}},
		{"f0 48 0f c7 0f", "lock cmpxchg16b [rdi]", isa.Inst{Op: isa.Locked, Size: 16, Writes: set(AX, DX), Dst: at(DI, 0, 16)}},

		// The stack.
		{"41 54", "push r12", isa.Inst{Op: isa.Push, Size: 8, Writes: set(SP), Src: reg(R12, 8)}},
		{"6a ff", "push -1", isa.Inst{Op: isa.Push, Size: 8, Writes: set(SP), Src: imm(-1, 8)}},
		{"66 68 34 12", "push word 0x1234", isa.Inst{Op: isa.Other, Size: 2, Writes: set(SP), Dst: at(SP, -2, 2), Src: imm(0x1234, 2)}},
		{"9c", "pushfq", isa.Inst{Op: isa.Push, Size: 8, Writes: set(SP)}},
		{"5d", "pop rbp", isa.Inst{Op: isa.Pop, Size: 8, Writes: set(SP, BP), Dst: reg(BP, 8)}},
		{"8f 44 24 08", "pop [rsp+8] counts from SP after the pop", isa.Inst{Op: isa.Pop, Size: 8, Writes: set(SP), Dst: at(SP, 16, 8)}},
		{"c8 10 00 00", "enter 16, 0", isa.Inst{Op: isa.Other, Writes: set(SP, BP), Dst: at(SP, -8, 8)}},
		{"c9", "leave", isa.Inst{Op: isa.Leave, Size: 8, Writes: set(SP, BP)}},

		// Control flow.
		{"e8 fb ff ff ff", "call itself", isa.Inst{Op: isa.Call, Writes: set(SP), Target: pc}},
		{"67 e8 00 00 00 00", "addr32 call, as linkers write it", isa.Inst{Op: isa.Call, Writes: set(SP), Target: pc + 6}},
		{"66 66 48 e8 00 00 00 00", "data16 data16 rex.w call", isa.Inst{Op: isa.Call, Writes: set(SP), Target: pc + 8}},
		{"ff 15 00 01 00 00", "call [rip+0x100]", isa.Inst{Op: isa.CallInd, Size: 8, Writes: set(SP), Src: rip(pc+6+0x100, 8)}},
		{"ff d0", "call rax", isa.Inst{Op: isa.CallInd, Size: 8, Writes: set(SP), Src: reg(AX, 8)}},
		{"3e ff e2", "notrack jmp rdx", isa.Inst{Op: isa.JumpInd, Size: 8, Src: reg(DX, 8)}},
		{"ff 28", "far jmp [rax]", isa.Inst{Op: isa.JumpInd, Size: 10, Src: inexact(at(AX, 0, 0))}},
		{"eb fe", "jmp itself", isa.Inst{Op: isa.Jump, Target: pc}},
		{"0f 8d 00 01 00 00", "jge", isa.Inst{Op: isa.CondJump, Cond: 13, Target: pc + 6 + 0x100}},
		{"f2 74 10", "bnd je", isa.Inst{Op: isa.CondJump, Cond: 4, Target: pc + 3 + 16}},
		{"e3 10", "jrcxz", isa.Inst{Op: isa.CondJump, Cond: 0xff, Target: pc + 2 + 16}},
		{"e2 f0", "loop", isa.Inst{Op: isa.CondJump, Cond: 0xff, Writes: set(CX), Target: pc + 2 - 16}},
		{"c7 f8 10 00 00 00", "xbegin", isa.Inst{Op: isa.CondJump, Size: 4, Cond: 0xff, Writes: set(AX), Target: pc + 6 + 16}},
		{"f3 c3", "rep ret", isa.Inst{Op: isa.Ret, Writes: set(SP)}},
		{"c2 10 00", "ret 16", isa.Inst{Op: isa.Ret, Writes: set(SP)}},
		{"cb", "far return, to who knows where", isa.Inst{Op: isa.JumpInd, Writes: set(SP)}},
		{"0f 05", "syscall", isa.Inst{Op: isa.Syscall, Writes: set(AX, CX, R11)}},
		{"0f 34", "sysenter", isa.Inst{Op: isa.Sysenter, Writes: 0xffff}},
		{"cd 80", "int 0x80", isa.Inst{Op: isa.Int, Writes: set(AX, R8, R9, R10, R11), Src: isa.Operand{Kind: isa.KindImm, Imm: 0x80}}},
		{"cc", "int3", isa.Inst{Op: isa.Trap}},
		{"0f 0b", "ud2", isa.Inst{Op: isa.Trap}},
		{"0f b9 08", "ud1 ecx, [rax]", isa.Inst{Op: isa.Trap}},
		{"66 2e 0f 1f 84 00 00 00 00 00", "nopw cs:[rax+rax+0]", isa.Inst{Op: isa.Nop}},
		{"f3 0f 1e fa", "endbr64", isa.Inst{Op: isa.Landing}},
		{"f3 48 0f 1e c9", "rdsspq rcx", isa.Inst{Op: isa.Other, Size: 8, Writes: set(CX), Dst: reg(CX, 8)}},

		// Strings.
		{"48 a5", "movsq", isa.Inst{Op: isa.StringOp, Size: 8, Writes: set(SI, DI), Dst: at(DI, 0, 8), Src: at(SI, 0, 8)}},
		{"f3 48 ab", "rep stosq", isa.Inst{Op: isa.StringOp, Size: 8, Writes: set(DI, CX), Dst: inexact(at(DI, 0, 0)), Src: reg(AX, 8)}},
		{"64 ac", "lodsb fs:", isa.Inst{Op: isa.Other, Size: 1, Writes: set(SI, AX), Src: seg(at(SI, 0, 1), 0x64)}},
		{"f2 ae", "repne scasb", isa.Inst{Op: isa.Other, Size: 1, Writes: set(DI, CX), Src: inexact(at(DI, 0, 0))}},

		// Registers that are written without being named.
		{"0f a2", "cpuid", isa.Inst{Op: isa.Other, Writes: set(AX, BX, CX, DX)}},
		{"0f 01 f9", "rdtscp", isa.Inst{Op: isa.Other, Writes: set(AX, CX, DX)}},
		{"0f 01 d0", "xgetbv", isa.Inst{Op: isa.Other, Writes: set(AX, DX)}},
		{"66 0f 3a 61 c1 00", "pcmpestri", isa.Inst{Op: isa.Other, Size: 16, Writes: set(CX), Src: vec128(1, 16)}},
		{"48 0f c7 f2", "rdrand rdx", isa.Inst{Op: isa.Other, Size: 8, Writes: set(DX), Dst: reg(DX, 8)}},
		{"df e0", "fnstsw ax", isa.Inst{Op: isa.Other, Writes: set(AX)}},
		{"0f 20 c3", "mov rbx, cr0", isa.Inst{Op: isa.Other, Size: 8, Writes: set(BX), Dst: reg(BX, 8)}},

		// Vectors.
		{"0f 10 06", "movups xmm0, [rsi]", isa.Inst{Op: isa.MovVec, Size: 16, Dst: vec128(0, 16), Src: at(SI, 0, 16)}},
		{"44 0f 11 7c 24 20", "movups [rsp+32], xmm15", isa.Inst{Op: isa.MovVec, Size: 16, Dst: at(SP, 32, 16), Src: vec128(15, 16)}},
		{"f2 0f 11 00", "movsd [rax], xmm0", isa.Inst{Op: isa.MovVec, Size: 8, Dst: at(AX, 0, 8), Src: vec128(0, 8)}},
		{"66 48 0f 7e c8", "movq rax, xmm1", isa.Inst{Op: isa.MovVec, Size: 8, Writes: set(AX), Dst: reg(AX, 8), Src: vec128(1, 8)}},
		{"66 48 0f 6e c1", "movq xmm0, rcx", isa.Inst{Op: isa.MovVec, Size: 8, Dst: vec128(0, 8), Src: reg(CX, 8)}},
		{"45 0f 57 ff", "xorps xmm15, xmm15", isa.Inst{Op: isa.MovVec, Size: 16, Dst: vec128(15, 16), Src: imm(0, 16)}},
		{"0f 16 00", "movhps xmm0, [rax] leaves the rest alone", isa.Inst{Op: isa.Other, Size: 8, Dst: vec128(0, 8), Src: at(AX, 0, 8)}},
		{"66 0f f7 c1", "maskmovdqu", isa.Inst{Op: isa.Other, Size: 16, Dst: at(DI, 0, 16)}},
		{"0f ae 18", "stmxcsr [rax]", isa.Inst{Op: isa.Other, Size: 4, Dst: at(AX, 0, 4)}},
		{"48 0f ae 21", "xsave64 [rcx]", isa.Inst{Op: isa.Other, Dst: at(CX, 0, 0)}},
		{"66 41 0f 3a 14 c0 01", "pextrb r8d, xmm0, 1", isa.Inst{Op: isa.Other, Size: 1, Writes: set(R8), Dst: reg(R8, 4), Src: vec128(0, 1)}},
		{"66 0f 3a 14 c4 01", "pextrb esp, xmm0, 1 is not ah", isa.Inst{Op: isa.Other, Size: 1, Writes: set(SP), Dst: reg(SP, 4), Src: vec128(0, 1)}},
		{"66 0f d7 c1", "pmovmskb eax, xmm1", isa.Inst{Op: isa.Other, Writes: set(AX), Dst: reg(AX, 4), Src: vec128(1, 0)}},
		{"f3 48 0f 2c c8", "cvttss2si rcx, xmm0", isa.Inst{Op: isa.Other, Size: 4, Writes: set(CX), Dst: reg(CX, 8), Src: vec128(0, 4)}},

		// VEX and EVEX.
		{"c5 fe 6f 05 10 00 00 00", "vmovdqu ymm0, [rip+16]", isa.Inst{Op: isa.MovVec, Size: 32, Dst: vec128(0, 32), Src: rip(pc+8+16, 32)}},
		{"c5 f8 77", "vzeroupper", isa.Inst{Op: isa.Other}},
		{"c4 62 fb f6 c8", "mulx r9, rax, rax", isa.Inst{Op: isa.Other, Size: 8, Writes: set(R9, AX), Dst: reg(R9, 8), Src: reg(AX, 8)}},
		{"c4 e2 b0 f3 c9", "blsr r9, rcx", isa.Inst{Op: isa.Other, Size: 8, Writes: set(R9), Dst: reg(R9, 8), Src: reg(CX, 8)}},
		{"c4 43 fb f0 c1 20", "rorx r8, r9, 32", isa.Inst{Op: isa.Other, Size: 8, Writes: set(R8), Dst: reg(R8, 8), Src: reg(R9, 8)}},
		{"c4 61 fb 93 c1", "kmovq r8, k1", isa.Inst{Op: isa.Other, Writes: set(R8), Dst: reg(R8, 8), Src: vec128(1, 0)}},
		{"c5 7d d7 f0", "vpmovmskb r14d, ymm0", isa.Inst{Op: isa.Other, Writes: set(R14), Dst: reg(R14, 4), Src: vec128(0, 0)}},
		{"c4 e2 f9 e0 0f", "cmpoxadd [rdi], rcx, rax", isa.Inst{Op: isa.Locked, Size: 8, Writes: set(CX), Dst: at(DI, 0, 8), Src: reg(CX, 8)}},
		{"62 f1 fe 48 6f 46 01", "vmovdqu64 zmm0, [rsi+64]", isa.Inst{Op: isa.MovVec, Size: 64, Dst: vec128(0, 64), Src: at(SI, 64, 64)}},
		{"62 e1 fe 48 7f 47 ff", "vmovdqu64 [rdi-64], zmm16", isa.Inst{Op: isa.MovVec, Size: 64, Dst: at(DI, -64, 64), Src: vec128(16, 64)}},
		{"62 f1 fe 49 7f 07", "vmovdqu64 [rdi]{k1}, zmm0", isa.Inst{Op: isa.Other, Size: 64, Dst: at(DI, 0, 64), Src: vec128(0, 64)}},
		{"62 f1 7c 58 58 40 02", "vaddps zmm0, zmm0, [rax+8]{1to16}", isa.Inst{Op: isa.Other, Size: 4, Dst: vec128(0, 4), Src: at(AX, 8, 4)}},
		{"62 f1 7e 08 2c c8", "vcvttss2si ecx, xmm0", isa.Inst{Op: isa.Other, Size: 4, Writes: set(CX), Dst: reg(CX, 4), Src: vec128(0, 4)}},
		{"62 f2 7d 49 a0 44 88 01", "vpscatterdd [rax+zmm1*4+4]{k1}, zmm0", isa.Inst{Op: isa.Other, Size: 4, Dst: inexact(at(AX, 4, 0)), Src: vec128(0, 4)}},
	} {
		code := parse(t, test.code)
		var got isa.Inst
		if err := Decode(&got, code, pc); err != nil {
			t.Errorf("%s (%s): %v", test.code, test.text, err)
			continue
		}
		test.want.Len = uint8(len(code))
		if got != test.want {
			t.Errorf("%s (%s):\n got %+v\nwant %+v", test.code, test.text, got, test.want)
		}
	}
}

func TestErrors(t *testing.T) {
	for _, test := range []struct {
		code, text string
		want       error
	}{
		{"", "nothing", ErrTruncated},
		{"06", "push es", ErrUnknown},
		{"62 f1", "half an EVEX prefix", ErrTruncated},
		{"0f 0f c0 90", "3DNow", ErrUnknown},
		{"8f e8 78 c0 c0 01", "XOP", ErrUnknown},
		{"d5 11 01 c0", "REX2", ErrUnknown},
		{"62 f4 7c 08 01 c0", "APX in the EVEX map 4", ErrUnknown},
		{"8d c0", "lea of a register", ErrUnknown},
		{"f0 01 c0", "lock without memory", ErrUnknown},
		{"f0 8b 00", "lock of a load", ErrUnknown},
		{"66 c5 f8 77", "66 before VEX", ErrUnknown},
		{"48 c5 f8 77", "REX before VEX", ErrUnknown},
		{"62 f1 7c 68 58 c0", "a vector length that is none", ErrUnknown},
		{"62 f1 7d 58 fc 00", "a byte broadcast", ErrUnknown},
		{"66 0f 84 00 00 00 00", "a length that depends on the processor", ErrUnknown},
		{"66 66 66 66 66 66 66 66 66 66 66 66 66 66 66 90", "16 bytes", ErrUnknown},
		{"66 66 66 66 66 66 66 66 66 66 66 66 66 66 66", "15 bytes of prefixes, to which no opcode can be added", ErrUnknown},
	} {
		got := isa.Inst{Op: isa.Ret, Len: 1}
		if err := Decode(&got, parse(t, test.code), pc); !errors.Is(err, test.want) {
			t.Errorf("%s (%s): error is %v, want %v", test.code, test.text, err, test.want)
		}
		if got != (isa.Inst{}) {
			t.Errorf("%s (%s): the instruction is not zero after an error: %+v", test.code, test.text, got)
		}
	}
}

// TestTruncated cuts instructions short at every byte.
func TestTruncated(t *testing.T) {
	for _, code := range []string{
		"64 48 c7 84 88 10 00 00 00 ff ff ff ff", "48 b8 88 77 66 55 44 33 22 11", "a1 88 77 66 55 44 33 22 11", "c8 10 00 01",
		"66 0f 38 00 04 c8", "66 0f 3a 0f 40 08 01", "0f 80 00 00 00 00", "f6 05 00 00 00 00 01", "c4 e3 7d 06 84 88 00 00 00 00 31", "62 f3 7d 48 25 84 88 00 00 00 00 31",
	} {
		b := parse(t, code)
		var in isa.Inst
		if err := Decode(&in, b, pc); err != nil || int(in.Len) != len(b) {
			t.Errorf("%s: length %d, error %v", code, in.Len, err)
		}
		for n := range b {
			if err := Decode(&in, b[:n], pc); err != ErrTruncated {
				t.Errorf("%d bytes of %s: error is %v, want %v", n, code, err, ErrTruncated)
			}
		}
	}
}

// TestPrefixes has the rules that no disassembler was asked about.
func TestPrefixes(t *testing.T) {
	for _, test := range []struct {
		code, text string
		want       isa.Inst
	}{
		{"48 66 89 d8", "a REX prefix before another prefix counts for nothing", isa.Inst{Op: isa.Mov, Size: 2, Writes: set(AX), Dst: reg(AX, 2), Src: reg(BX, 2)}},
		{"66 48 89 d8", "W overrides 66", isa.Inst{Op: isa.Mov, Size: 8, Writes: set(AX), Dst: reg(AX, 8), Src: reg(BX, 8)}},
		{"66 f3 0f b8 c1", "F3 chooses POPCNT, 66 its size", isa.Inst{Op: isa.Other, Size: 2, Writes: set(AX), Dst: reg(AX, 2), Src: reg(CX, 2)}},
		{"f3 f2 0f 10 00", "of F2 and F3 the last one counts", isa.Inst{Op: isa.MovVec, Size: 8, Dst: vec128(0, 8), Src: at(AX, 0, 8)}},
		{"64 65 8b 00", "of the segments too", isa.Inst{Op: isa.Mov, Size: 4, Writes: set(AX), Dst: reg(AX, 4), Src: seg(at(AX, 0, 4), 0x65)}},
		{"64 2e 8b 00", "but those that are ignored", isa.Inst{Op: isa.Mov, Size: 4, Writes: set(AX), Dst: reg(AX, 4), Src: seg(at(AX, 0, 4), 0x64)}},
		{"66 66 66 66 66 66 66 66 66 66 66 66 66 66 90", "15 bytes are allowed", isa.Inst{Op: isa.Nop}},
	} {
		code := parse(t, test.code)
		var got isa.Inst
		err := Decode(&got, code, pc)
		test.want.Len = uint8(len(code))
		if err != nil || got != test.want {
			t.Errorf("%s: %s:\n got %+v, %v\nwant %+v", test.code, test.text, got, err, test.want)
		}
	}
}

func TestNoAllocation(t *testing.T) {
	code := parse(t, "62 f1 7c 58 58 40 02")
	var in isa.Inst
	if n := testing.AllocsPerRun(100, func() { Decode(&in, code, pc) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
