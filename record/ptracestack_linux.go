//go:build linux && (amd64 || arm64)

package record

import (
	"encoding/binary"

	"golang.org/x/sys/unix"
)

// maxStacks is how many different stacks are kept.
const maxStacks = 1 << 14

// takeStack follows the frame pointers of a thread that is stopped at the beginning
// of a call, keeps the stack with the image, and returns its key; 0 if there is none.
func (c *counter) takeStack(e *tracee, info *callInfo) uint64 {
	code := &e.process.code
	if code.end == 0 {
		var err error
		if *code, err = codeOf(e.process.id); err != nil {
			c.lost.Stacks++
			return 0
		}
	}
	fp, err := framePointer(e.id)
	if err != nil {
		c.lost.Stacks++
		return 0
	}
	s := &stack{pcs: []uint64{code.relative(info.pc)}}
	if word, ok := readWords(e.id, info.sp, 1); ok {
		s.word = code.relative(word[0])
	}
	for fp != 0 && fp%8 == 0 {
		frame, ok := readWords(e.id, fp, 2)
		if !ok || frame[1] == 0 {
			break
		}
		if s.cut = len(s.pcs) == maxDepth; s.cut {
			break
		}
		s.pcs = append(s.pcs, code.relative(frame[1]))
		if frame[0] == fp {
			break
		}
		fp = frame[0]
	}
	return c.keep(e.process.running, s)
}

// relative returns an address relative to the start of the code.
func (r codeRange) relative(pc uint64) uint64 {
	if pc -= r.start; pc < r.end-r.start {
		return pc
	}
	return outside
}

// keep keeps a stack, and returns its key.
func (c *counter) keep(i *image, s *stack) uint64 {
	hash := s.word + 1
	for _, pc := range s.pcs {
		hash = (hash ^ pc) * 0x9e3779b97f4a7c15
		hash ^= hash >> 29
	}
	if i.stacks == nil {
		i.stacks = map[uint64]*stack{}
	}
	if i.stacks[hash] == nil {
		if c.stacks >= maxStacks {
			c.lost.Stacks++
			return 0
		}
		c.stacks++
		i.stacks[hash] = s
	}
	return hash
}

// readWords reads words of a thread's memory.
func readWords(id int, address uint64, n int) ([]uint64, bool) {
	b := make([]byte, 8*n)
	local := []unix.Iovec{{Base: &b[0]}}
	local[0].SetLen(len(b))
	remote := []unix.RemoteIovec{{Base: uintptr(address), Len: len(b)}}
	if got, err := unix.ProcessVMReadv(id, local, remote, 0); err != nil || got != len(b) {
		return nil, false
	}
	out := make([]uint64, n)
	for i := range out {
		out[i] = binary.NativeEndian.Uint64(b[8*i:])
	}
	return out, true
}
