package arm64

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
	"time"
)

// The memory of the processor that QEMU emulates: data, to which registers
// point, and code.
const (
	dataAddr = 0x10000000
	dataSize = 0x1000
	codeAddr = 0x20000000
	codeSize = 0x1000000
	slot     = 16 // bytes for the code of one test
)

// A processor is one that QEMU emulates, driven as a debugger does: over a
// socket, in the remote protocol of GDB. Nothing of a program runs there but
// the instructions under test.
type processor struct {
	conn net.Conn
	in   *bufio.Reader
	ack  string // for the last reply
	data [dataSize]byte
	vec  [32][16]byte
	cpsr uint32 // but for the flags
}

// A state is what the processor's registers and memory hold.
type state struct {
	regs  [32]uint64
	pc    uint64
	flags uint32 // NZCV
	vec   [32][16]byte
	data  [dataSize]byte
}

// start starts an emulated processor with all that QEMU has.
func start(t *testing.T) *processor {
	t.Helper()
	qemu := ""
	for _, name := range []string{"qemu-aarch64", "qemu-aarch64-static"} {
		if path, err := exec.LookPath(name); err == nil {
			qemu = path
		}
	}
	if qemu == "" {
		t.Skip("qemu-aarch64 is missing: install qemu-user-static, as make test does")
	}
	dir, err := os.MkdirTemp("", "arm64") // the name of a socket must be short
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	program, socket := filepath.Join(dir, "program"), filepath.Join(dir, "gdb")
	if err := os.WriteFile(program, executable(), 0o700); err != nil {
		t.Fatal(err)
	}
	p := &processor{}
	// With SVE the debugger would have other vector registers.
	cmd := exec.Command(qemu, "-cpu", "max,sve=off,sme=off", "-g", socket, program)
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cmd.Process.Kill()
		cmd.Wait()
		if p.conn != nil {
			p.conn.Close()
		}
	})
	for try := 0; ; try++ {
		if p.conn, err = net.Dial("unix", socket); err == nil {
			break
		}
		if try == 1000 {
			t.Fatalf("QEMU does not listen: %v", err)
		}
		time.Sleep(10 * time.Millisecond)
	}
	p.in = bufio.NewReader(p.conn)
	p.request(t, "qXfer:features:read:target.xml:0,ff") // else there are no vector registers
	p.cpsr = binary.LittleEndian.Uint32(p.hex(t, "g")[33*8:]) & 0x0fffffff
	p.readVectors(t)
	return p
}

// executable is an ELF file that has the code and the data.
func executable() []byte {
	var b []byte
	le := binary.LittleEndian
	b = append(b, "\x7fELF\x02\x01\x01"...)
	b = append(b, make([]byte, 9)...)
	b = le.AppendUint16(b, 2)   // ET_EXEC
	b = le.AppendUint16(b, 183) // EM_AARCH64
	b = le.AppendUint32(b, 1)
	b = le.AppendUint64(b, codeAddr)
	b = le.AppendUint64(b, 64) // program headers
	b = le.AppendUint64(b, 0)
	b = le.AppendUint32(b, 0)
	for _, v := range []uint16{64, 56, 2, 0, 0, 0} {
		b = le.AppendUint16(b, v)
	}
	for _, s := range []struct {
		flags      uint32
		addr, size uint64
	}{{5 | 2, codeAddr, codeSize}, {4 | 2, dataAddr, dataSize}} {
		b = le.AppendUint32(b, 1) // PT_LOAD
		b = le.AppendUint32(b, s.flags)
		for _, v := range []uint64{0, s.addr, s.addr, 0, s.size, 0x1000} { // nothing of the file
			b = le.AppendUint64(b, v)
		}
	}
	return b
}

// request sends a packet and returns the reply. QEMU reads no further than it
// must, so one follows the other.
func (p *processor) request(t *testing.T, text string) string {
	t.Helper()
	sum := byte(0)
	for i := range len(text) {
		sum += text[i]
	}
	if _, err := fmt.Fprintf(p.conn, "%s$%s#%02x", p.ack, text, sum); err != nil {
		t.Fatal(err)
	}
	p.ack = "+"
	if _, err := p.in.ReadString('$'); err != nil {
		t.Fatalf("QEMU does not answer to %q: %v", text, err)
	}
	reply, err := p.in.ReadString('#')
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.in.Discard(2); err != nil {
		t.Fatal(err)
	}
	return reply[:len(reply)-1]
}

// hex is request for what is answered in hexadecimal.
func (p *processor) hex(t *testing.T, text string) []byte {
	t.Helper()
	r := p.request(t, text)
	b, err := hex.DecodeString(r)
	if err != nil || len(b) == 0 {
		t.Fatalf("QEMU answers %q to %q", r, text)
	}
	return b
}

// command is request for what is answered with OK.
func (p *processor) command(t *testing.T, format string, args ...any) {
	t.Helper()
	text := fmt.Sprintf(format, args...)
	if r := p.request(t, text); r != "OK" {
		t.Fatalf("QEMU answers %q to %q", r, text)
	}
}

// page writes the code of many tests to a page: what was executed there once
// cannot be written again.
func (p *processor) page(t *testing.T, addr uint64, code []byte) {
	t.Helper()
	for at := 0; at < len(code); at += chunk {
		p.command(t, "M%x,%x:%x", addr+uint64(at), chunk, code[at:at+chunk])
	}
}

// step executes n instructions from pc on. ok is false if one of them
// faults. Memory and vector registers are looked at if they are asked for.
func (p *processor) step(t *testing.T, n int, s *state, memory, vectors bool) (after *state, ok bool) {
	t.Helper()
	regs := make([]byte, 0, 33*8+4)
	for _, v := range s.regs {
		regs = binary.LittleEndian.AppendUint64(regs, v)
	}
	regs = binary.LittleEndian.AppendUint64(regs, s.pc)
	regs = binary.LittleEndian.AppendUint32(regs, p.cpsr|s.flags<<28)
	p.command(t, "G%x", regs)
	for at := 0; at < dataSize; at += chunk {
		if now := s.data[at : at+chunk]; !bytes.Equal(now, p.data[at:at+chunk]) {
			p.command(t, "M%x,%x:%x", dataAddr+at, chunk, now)
		}
	}
	for i := range s.vec {
		if s.vec[i] != p.vec[i] {
			p.command(t, "P%x=%x", 34+i, s.vec[i])
		}
	}
	p.data, p.vec = s.data, s.vec
	ok = true
	for range n {
		ok = ok && p.stopped(t) == 5
	}
	after = &state{}
	regs = p.hex(t, "g")
	for i := range after.regs {
		after.regs[i] = binary.LittleEndian.Uint64(regs[8*i:])
	}
	after.pc = binary.LittleEndian.Uint64(regs[32*8:])
	after.flags = binary.LittleEndian.Uint32(regs[33*8:]) >> 28
	if memory || !ok {
		for at := 0; at < dataSize; at += chunk {
			copy(p.data[at:], p.hex(t, fmt.Sprintf("m%x,%x", dataAddr+at, chunk)))
		}
	}
	if vectors || !ok {
		p.readVectors(t)
	}
	after.data, after.vec = p.data, p.vec
	return after, ok
}

// chunk is how much memory goes into one packet.
const chunk = 0x400

func (p *processor) readVectors(t *testing.T) {
	t.Helper()
	for i := range p.vec {
		if copy(p.vec[i][:], p.hex(t, fmt.Sprintf("p%x", 34+i))) != 16 {
			t.Fatal("QEMU does not show the vector registers")
		}
	}
}

// stopped executes one instruction and returns the signal that it led to.
func (p *processor) stopped(t *testing.T) uint64 {
	t.Helper()
	r := p.request(t, "s")
	if len(r) < 3 || r[0] != 'T' && r[0] != 'S' {
		t.Fatalf("QEMU answers %q to a step", r)
	}
	signal, err := strconv.ParseUint(r[1:3], 16, 8)
	if err != nil {
		t.Fatal(err)
	}
	return signal
}
