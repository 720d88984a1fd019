package main

import (
	"errors"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/asm"
	"github.com/cilium/ebpf/link"
)

// hookEmpty hangs programs that do nothing on tracepoints, and returns how to take
// them away: no recorder on the same hooks can cost less.
func hookEmpty(tracepoints ...string) (remove func() error, err error) {
	var links []link.Link
	remove = func() error {
		var errs []error
		for _, l := range links {
			errs = append(errs, l.Close())
		}
		return errors.Join(errs...)
	}
	for _, name := range tracepoints {
		program, err := ebpf.NewProgram(&ebpf.ProgramSpec{
			Type: ebpf.Tracing, AttachType: ebpf.AttachTraceRawTp, AttachTo: name, License: "GPL",
			Instructions: asm.Instructions{asm.Mov.Imm(asm.R0, 0), asm.Return()},
		})
		if err != nil {
			return nil, errors.Join(err, remove())
		}
		hook, err := link.AttachTracing(link.TracingOptions{Program: program, AttachType: ebpf.AttachTraceRawTp})
		if err := errors.Join(err, program.Close()); err != nil {
			return nil, errors.Join(err, remove())
		}
		links = append(links, hook)
	}
	return remove, nil
}
