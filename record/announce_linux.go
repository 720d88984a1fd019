//go:build linux && (amd64 || arm64)

package record

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"syscall"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/ringbuf"
	"golang.org/x/sys/unix"
)

// announcements opens the files of programs while these are there.
type announcements struct {
	objects *bpfObjects
	wanted  func(path string) bool
	reader  *ringbuf.Reader
	done    chan struct{}
	// What follows belongs to the reading goroutine until it is done.
	images   map[uint32]*image
	programs map[fileIdentity]*program
}

func newAnnouncements(objects *bpfObjects, wanted func(path string) bool) (*announcements, error) {
	reader, err := ringbuf.NewReader(objects.Announced)
	if err != nil {
		return nil, fmt.Errorf("listen for new programs: %w", err)
	}
	a := &announcements{
		objects: objects, wanted: wanted, reader: reader, done: make(chan struct{}),
		images: map[uint32]*image{}, programs: map[fileIdentity]*program{},
	}
	go a.listen()
	return a, nil
}

func (a *announcements) listen() {
	defer close(a.done)
	for {
		record, err := a.reader.Read()
		if err != nil {
			return // closed
		}
		if len(record.RawSample) >= 4 {
			a.announce(nativeOrder.Uint32(record.RawSample))
		}
	}
}

// announce takes in a new image.
func (a *announcements) announce(number uint32) *image {
	if i := a.images[number]; i != nil {
		return i
	}
	var is kernelImage
	if err := a.objects.Images.Lookup(number, &is); err != nil {
		return nil
	}
	i := &image{
		program: a.program(&is), pid: int(is.PID), parent: int(is.Parent), joined: is.Joined != 0,
		command: commandOf(int(is.PID)),
	}
	a.images[number] = i
	if a.wanted != nil && !a.wanted(i.program.path) {
		// What runs it from now on costs less. What was counted is dropped.
		a.objects.Identities.Update(is.Identity, number|ignored, ebpf.UpdateExist)
	}
	return i
}

// program returns the program of an image. Processes can share one.
func (a *announcements) program(is *kernelImage) *program {
	id := is.Identity.file()
	if p := a.programs[id]; p != nil {
		return p
	}
	p := openProgram(int(is.PID), unix.ByteSliceToString(is.Path[:]), id.isOf)
	a.programs[id] = p
	return p
}

// isOf reports whether the identity is that of a file. A file system that lies on
// others has numbers of its own.
func (id fileIdentity) isOf(info os.FileInfo) bool {
	stat, ok := info.Sys().(*syscall.Stat_t)
	const minorBits = 20 // linux/kdev_t.h
	sameDevice := ok && unix.Mkdev(id.Device>>minorBits, id.Device&(1<<minorBits-1)) == stat.Dev
	return ok && stat.Size == int64(id.Size) && (stat.Ino == id.Inode || !sameDevice)
}

// stop ends listening, and takes in what was not announced for lack of room.
func (a *announcements) stop() map[uint32]*image {
	a.reader.Close()
	<-a.done
	var (
		identity identity
		number   uint32
	)
	entries := a.objects.Identities.Iterate()
	for entries.Next(&identity, &number) {
		a.announce(number &^ ignored)
	}
	return a.images
}

func (a *announcements) close() error {
	err := a.reader.Close()
	<-a.done
	for _, p := range slices.Collect(maps.Values(a.programs)) {
		p.close()
	}
	if errors.Is(err, ringbuf.ErrClosed) {
		return nil
	}
	return err
}
