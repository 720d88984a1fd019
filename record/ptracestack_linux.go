//go:build linux && (amd64 || arm64)

package record

import (
	"errors"

	"golang.org/x/sys/unix"
)

// takeStack follows the frame pointers of a thread that is stopped at the beginning
// of a call, as the kernel does for BPF, keeps the stack with the image, and returns
// its key; 0 if there is none. A thread that was killed meanwhile is not alive: it will
// not make the call.
func (c *counter) takeStack(e *tracee, info *callInfo) (key uint64, alive bool) {
	fp, err := framePointer(e.id)
	if errors.Is(err, unix.ESRCH) {
		return 0, false
	}
	code := &e.process.code
	if err == nil && code.end == 0 {
		*code, err = codeOf(e.process.id)
	}
	if err != nil {
		c.lost.Stacks++
		return 0, true
	}
	c.memory.look(e.id)
	s := &stack{word: outside, pcs: []uint64{code.relative(info.pc)}}
	if word, ok := c.memory.at(info.sp, 8); ok {
		s.word = code.relative(nativeOrder.Uint64(word))
	}
	for len(s.pcs) < maxDepth {
		frame, ok := c.memory.at(fp, 16)
		if !ok {
			break
		}
		next, pc := nativeOrder.Uint64(frame), nativeOrder.Uint64(frame[8:])
		s.pcs = append(s.pcs, code.relative(pc))
		if !canFollow(fp, next) {
			break
		}
		fp = next
	}
	s.cut = len(s.pcs) == maxDepth
	return c.keep(e.process.running, s), true
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
