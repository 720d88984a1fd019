//go:build linux && (amd64 || arm64)

package record

import (
	"encoding/binary"
	"fmt"
	"slices"
	"time"

	"github.com/cilium/ebpf"

	"github.com/gocurb/curb/usage"
)

// What bpf/maps.h lays down. The layouts of its structures are below.
const (
	maxImages = 4096
	maxNr     = 512
	maxDepth  = 127
	maxNear   = 2048
	maxPlaces = 4096

	launcherImage = 1
	othersImage   = 2
	firstImage    = 3
	ignored       = 1 << 15

	x32Bit = 0x40000000
)

var nativeOrder = binary.NativeEndian

type (
	// A fileIdentity tells one file from another.
	fileIdentity struct {
		Inode, Size        uint64
		Device, Generation uint32
	}

	identity struct {
		Inode, Size, Started                uint64
		Device, Generation, Process, Unused uint32
	}

	kernelImage struct {
		PID, Parent, Joined, Unused uint32
		Identity                    identity
		Path                        [256]byte
	}

	kernelCell struct {
		Calls, Time uint64
		Errors      [2]uint32
		Failed      [2]uint64
		Valid       uint64
		Seen        [maxTracked][4]uint64
	}

	kernelValue struct{ Call, Argument, Value uint64 }
	kernelSet   struct{ Call, Argument uint64 }
	setSize     struct{ Size, Any uint64 }

	kernelStack struct {
		Depth uint64
		PCs   [maxDepth + 1]uint64
	}

	kernelWay     struct{ Call, Stack uint64 }
	kernelWayCell struct{ Calls, Time uint64 }
)

func (i *identity) file() fileIdentity {
	return fileIdentity{Inode: i.Inode, Size: i.Size, Device: i.Device, Generation: i.Generation}
}

// A packed call is what maps.h calls a call.
type packed uint64

func (p packed) image() uint32 { return uint32(p >> 32 & (1<<14 - 1)) }
func (p packed) id() callID    { return callID{entry(p >> 46 & 3), uint32(p)} }
func (p packed) denied() bool  { return p>>48&1 != 0 }
func (p packed) errno() int    { return int(p >> 49 & 0xfff) }

// A reading puts together what the maps hold.
type reading struct {
	objects *bpfObjects
	images  map[uint32]*image
	tables  *inKernel
}

func (k *inKernel) finish() (*tally, error) {
	// The ends of calls first: one without its beginning would count as denied.
	for _, l := range slices.Backward(k.links) {
		if err := l.Close(); err != nil {
			return nil, err
		}
	}
	k.links = nil
	r := &reading{objects: &k.objects, images: k.programs.stop(), tables: k}
	if err := walk(k.objects.Finish); err != nil {
		return nil, err
	}
	for _, read := range []func() error{r.cells, r.nearCells, r.values, r.stacks, r.ways} {
		if err := read(); err != nil {
			return nil, err
		}
	}
	t := &tally{}
	for number := uint32(launcherImage); number < maxImages; number++ {
		if i := r.images[number]; i != nil {
			t.images = append(t.images, i)
		}
	}
	var err error
	t.lost, err = r.lost()
	return t, err
}

// image returns an image that something was counted for.
func (r *reading) image(number uint32) *image {
	i := r.images[number]
	if i == nil {
		i = &image{program: unknownProgram("(others)"), launcher: number == launcherImage}
		r.images[number] = i
	}
	return i
}

func (r *reading) call(c packed) *observed { return r.image(c.image()).call(c.id()) }

// each goes through a map of the kernel's.
func each[K, V any](m *ebpf.Map, what string, f func(K, V)) error {
	var (
		key   K
		value V
	)
	entries := m.Iterate()
	for entries.Next(&key, &value) {
		f(key, value)
	}
	if err := entries.Err(); err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	return nil
}

func (r *reading) cells() error {
	return each(r.objects.Cells, "the counts", r.add)
}

func (r *reading) nearCells() error {
	return each(r.objects.NearCells, "the counts", func(number uint32, perCPU []kernelCell) {
		var c packed
		if r.objects.NearCalls.Lookup(number, &c) == nil && c != 0 {
			r.add(c, perCPU)
		}
	})
}

// add adds what the processors have counted of a call.
func (r *reading) add(c packed, perCPU []kernelCell) {
	o := r.call(c)
	var calls, nanoseconds uint64
	for i := range perCPU {
		calls += perCPU[i].Calls
		nanoseconds += perCPU[i].Time
	}
	switch {
	case c.denied():
		o.denied += calls // and their errors are not the program's
		return
	case c.errno() != 0: // of calls that have been counted
		o.fail(c.errno(), calls)
		return
	}
	o.calls += calls
	o.time += time.Duration(nanoseconds)
	for i := range perCPU {
		for k, errno := range perCPU[i].Errors {
			o.fail(int(errno), perCPU[i].Failed[k])
		}
	}
}

func (r *reading) values() error {
	err := each(r.objects.Values, "the values of arguments", func(v kernelValue, _ uint8) {
		r.call(packed(v.Call)).values[v.Argument].add(v.Value)
	})
	if err != nil {
		return err
	}
	return each(r.objects.Sets, "the sets of values", func(s kernelSet, size setSize) {
		set := &r.call(packed(s.Call)).values[s.Argument]
		set.known = true
		set.any = set.any || size.Any != 0
	})
}

func (r *reading) stacks() error {
	return each(r.objects.Stacks, "the stacks", func(key uint64, s kernelStack) {
		r.stackOf(key, &s)
	})
}

func (r *reading) stackOf(key uint64, s *kernelStack) {
	depth := min(s.Depth, maxDepth)
	kept := &stack{word: s.PCs[0], pcs: append([]uint64(nil), s.PCs[1:1+depth]...), cut: depth == maxDepth}
	for _, i := range r.images {
		if i.stacks == nil {
			i.stacks = map[uint64]*stack{}
		}
		i.stacks[key] = kept
	}
}

func (r *reading) ways() error {
	return each(r.objects.Ways, "the calls of the stacks", func(w kernelWay, perCPU []kernelWayCell) {
		sum := r.call(packed(w.Call)).way(w.Stack)
		for _, c := range perCPU {
			sum.calls += c.Calls
			sum.time += time.Duration(c.Time)
		}
	})
}

// lost adds up what the programs could not keep, and when they could not run.
func (r *reading) lost() (usage.Lost, error) {
	var kinds [4]uint64
	for kind := range kinds {
		var perCPU []uint64
		if err := r.objects.Lost.Lookup(uint32(kind), &perCPU); err != nil {
			return usage.Lost{}, fmt.Errorf("what was lost: %w", err)
		}
		for _, n := range perCPU {
			kinds[kind] += n
		}
	}
	lost := usage.Lost{Events: kinds[0], Stacks: kinds[1], Values: kinds[2], Processes: kinds[3]}
	for _, p := range []*ebpf.Program{r.objects.SysEnter, r.objects.SysExit} {
		if stats, err := p.Stats(); err == nil { // since Linux 5.12
			lost.Events += stats.RecursionMisses
		}
	}
	return lost, nil
}
