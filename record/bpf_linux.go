//go:build linux && (amd64 || arm64)

package record

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/link"
	"github.com/cilium/ebpf/rlimit"
	"golang.org/x/sys/unix"

	"github.com/gocurb/curb/syscalls"
)

// inKernel is the method by which the kernel counts. Its programs and maps go with
// its descriptors, however this process ends.
type inKernel struct {
	options  *Options
	tables   [entries]*syscalls.Table
	objects  bpfObjects
	links    []link.Link
	endless  bool // more processes can come
	programs *announcements
}

func newInKernel(o *Options, tables [entries]*syscalls.Table) (_ *inKernel, err error) {
	k := &inKernel{options: o, tables: tables}
	defer func() {
		if err != nil {
			k.close()
		}
	}()
	if err := rlimit.RemoveMemlock(); errors.Is(err, unix.EPERM) {
		return nil, explainLoad(err) // it tries to load something
	} else if err != nil {
		return nil, fmt.Errorf("lift the limit on locked memory: %w", err)
	}
	spec, err := loadBpf()
	if err != nil {
		return nil, err
	}
	if err := k.configure(spec); err != nil {
		return nil, err
	}
	if err := k.load(spec); err != nil {
		return nil, explainLoad(err)
	}
	if err := k.number(); err != nil {
		return nil, fmt.Errorf("number the programs, their calls and their threads: %w", err)
	}
	if k.programs, err = newAnnouncements(&k.objects, o.Wanted); err != nil {
		return nil, err
	}
	return k, k.attach()
}

// load loads the programs, as they are for this kernel: before Linux 5.12 nothing
// can be kept with a thread. A failure for another reason is the second one's, too.
func (k *inKernel) load(spec *ebpf.CollectionSpec) error {
	if !k.options.oldKernel {
		newer := spec.Copy()
		newer.Maps[bpfMapThreads].MaxEntries = 1
		if err := newer.LoadAndAssign(&k.objects, nil); err == nil || errors.Is(err, unix.EPERM) {
			return err
		}
	}
	var vars bpfVariableSpecs
	if err := spec.Assign(&vars); err != nil {
		return err
	}
	if err := vars.HasTaskStorage.Set(uint8(0)); err != nil {
		return err
	}
	// No code that runs refers to it.
	spec.Maps[bpfMapThreadStorage] = &ebpf.MapSpec{Type: ebpf.Array, KeySize: 4, ValueSize: 4, MaxEntries: 1}
	return spec.LoadAndAssign(&k.objects, nil)
}

// number says what is free.
func (k *inKernel) number() error {
	places := cmp.Or(k.options.places, maxPlaces)
	return errors.Join(
		fill(k.objects.UnusedImages, firstImage, maxImages),
		fill(k.objects.UnusedCells, 1, maxNear),
		fill(k.objects.UnusedPlaces, 1, places),
	)
}

// fill puts numbers into a queue.
func fill(queue *ebpf.Map, from, end uint32) error {
	for number := from; number < end; number++ {
		if err := queue.Put(nil, number); err != nil {
			return err
		}
	}
	return nil
}

// configure sets what the programs are to do, and makes no map larger than needed.
func (k *inKernel) configure(spec *ebpf.CollectionSpec) error {
	var vars bpfVariableSpecs
	if err := spec.Assign(&vars); err != nil {
		return err
	}
	var namespace unix.Stat_t
	if err := unix.Stat("/proc/self/ns/pid", &namespace); err != nil {
		return fmt.Errorf("tell the PID namespace: %w", err)
	}
	flag := func(on bool) uint8 {
		if on {
			return 1
		}
		return 0
	}
	err := errors.Join(
		vars.WantEnds.Set(flag(!k.options.CallsOnly)),
		vars.HasTaskStorage.Set(uint8(1)),
		vars.WantStacks.Set(flag(k.options.Stacks)),
		vars.PerProcess.Set(flag(k.options.PerProcess)),
		vars.PidNamespace.Set(uint32(namespace.Ino)),
		vars.Tracked.Set(trackedWords(k.tables)),
	)
	if k.options.CallsOnly {
		spec.Maps[bpfMapThreads].MaxEntries = 1
	}
	return err
}

// trackedWords lays out for the kernel which arguments are kept: see maps.h.
func trackedWords(tables [entries]*syscalls.Table) []uint32 {
	words := make([]uint32, entries*maxNr)
	for e, table := range tables {
		if table == nil {
			continue
		}
		for call := range table.All() {
			nr := call.Nr &^ x32Bit
			if nr >= maxNr {
				continue
			}
			for k, arg := range trackedArgs(call) {
				which := uint32(arg.index) + 1
				if arg.wide {
					which |= 0x80
				}
				words[e*maxNr+int(nr)] |= which << (8 * k)
			}
		}
	}
	return words
}

// explainLoad says what the kernel lacks.
func explainLoad(err error) error {
	var verifier *ebpf.VerifierError
	switch {
	case errors.Is(err, unix.EPERM):
		return fmt.Errorf("counting in the kernel needs the capabilities CAP_BPF and CAP_PERFMON, or CAP_SYS_ADMIN: %w", unix.EPERM)
	case errors.Is(err, ebpf.ErrNotSupported), errors.Is(err, os.ErrNotExist), errors.As(err, &verifier):
		return fmt.Errorf("counting in the kernel needs Linux 5.8 or later with BPF and BTF (CONFIG_DEBUG_INFO_BTF); this is %s: %w", kernelRelease(), err)
	}
	return fmt.Errorf("load the BPF programs: %w", err)
}

// attach hooks the programs in. Nothing is counted until a process is followed.
func (k *inKernel) attach() error {
	o := &k.objects
	programs := []*ebpf.Program{o.Forked, o.Executed, o.Exited, o.SysEnter}
	if !k.options.CallsOnly {
		programs = append(programs, o.SysExit)
	}
	for _, p := range programs {
		l, err := link.AttachTracing(link.TracingOptions{Program: p, AttachType: ebpf.AttachTraceRawTp})
		if err != nil {
			return fmt.Errorf("attach a BPF program to its tracepoint: %w", err)
		}
		k.links = append(k.links, l)
	}
	return nil
}

func (k *inKernel) name() Method { return BPF }

func (k *inKernel) hooks() Hooks {
	return Hooks{Hold: func(pid int) error { return k.follow([]int{pid}, launched) }}
}

// How a process comes to be followed: see the map "wanted".
const (
	running  uint32 = 0
	launched uint32 = 1
)

// follow has the kernel look for processes, which are named as this process sees
// them, and follow them.
func (k *inKernel) follow(pids []int, how uint32) error {
	for _, pid := range pids {
		if err := k.objects.Wanted.Put(uint32(pid), how); err != nil {
			return fmt.Errorf("name the process %d to the kernel: %w", pid, err)
		}
	}
	if err := walk(k.objects.Join); err != nil {
		return err
	}
	// Those that have ended meanwhile are left.
	for _, pid := range pids {
		if err := k.objects.Wanted.Delete(uint32(pid)); err != nil && !errors.Is(err, ebpf.ErrKeyNotExist) {
			return fmt.Errorf("take back the process %d: %w", pid, err)
		}
	}
	return nil
}

// walk runs a program for every thread of the system.
func walk(program *ebpf.Program) error {
	iter, err := link.AttachIter(link.IterOptions{Program: program})
	if err != nil {
		return fmt.Errorf("look at the threads in the kernel: %w", err)
	}
	defer iter.Close()
	threads, err := iter.Open()
	if err != nil {
		return fmt.Errorf("look at the threads in the kernel: %w", err)
	}
	defer threads.Close()
	if _, err := io.Copy(io.Discard, threads); err != nil {
		return fmt.Errorf("look at the threads in the kernel: %w", err)
	}
	return nil
}

func (k *inKernel) join(t Target) error {
	// First those to come: whoever is in both is followed once.
	if t.Cgroup != "" {
		var info unix.Stat_t
		if err := unix.Stat(t.Cgroup, &info); err != nil {
			return fmt.Errorf("look at the control group %s: %w", t.Cgroup, err)
		}
		if err := k.objects.CgroupId.Set(info.Ino); err != nil {
			return fmt.Errorf("name the control group to the kernel: %w", err)
		}
		k.endless = true
	}
	pids, err := t.processes()
	if err != nil {
		return err
	}
	return k.follow(pids, running)
}

// wait looks now and then: an event for each end could be lost, and a fraction of
// a second does not matter here.
func (k *inKernel) wait(ctx context.Context) error {
	const interval = 10 * time.Millisecond
	tick := time.NewTicker(interval)
	defer tick.Stop()
	for {
		var process uint32
		err := k.objects.Live.NextKey(nil, &process)
		if errors.Is(err, ebpf.ErrKeyNotExist) {
			if !k.endless {
				return nil
			}
		} else if err != nil {
			return fmt.Errorf("ask the kernel what is still running: %w", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

func (k *inKernel) close() error {
	var errs []error
	for _, l := range k.links {
		errs = append(errs, l.Close())
	}
	k.links = nil
	if k.programs != nil {
		errs = append(errs, k.programs.close())
	}
	return errors.Join(append(errs, k.objects.Close())...)
}
