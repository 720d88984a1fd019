package notify

import (
	"context"
	"os"
	"sync"
	"syscall"
)

// A Listener is where requests come from: those of all processes under one filter.
type Listener struct {
	file *os.File
	conn syscall.RawConn
	// turn is held by who waits for a request: were there two, the kernel could
	// let one of them wait without an end.
	turn   chan struct{}
	closed chan struct{}
	once   sync.Once // closes it
	size   int       // of a request, for the kernel
}

// FromFile gives a listener for a file that is one, such as a container runtime
// sends to a socket (listenerPath in the OCI runtime specification). The file
// remains the caller's, to be closed at any time, and must not be received from in
// another way.
func FromFile(f *os.File) (*Listener, error) { return fromFile(f) }

// Receive waits for the next request. It returns
//
//   - io.EOF when no process is under the filter any more (since Linux 5.9),
//   - the context's error when that is done,
//   - an error that wraps [os.ErrClosed] when the listener was closed.
//
// A request that was received waits until it is answered, or the listener closed.
// None is lost to a context that is done: either it is returned, or the next
// Receive gets it. Those that are gone before they were received are left out.
func (l *Listener) Receive(ctx context.Context) (*Request, error) { return l.receive(ctx) }

// SyncWakeUp asks the kernel to run the supervisor on the processor of the thread
// that asks, and that thread again on the supervisor's
// (SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP, Linux 6.6; before that the error wraps
// [errors.ErrUnsupported]). Where one of the two always waits for the other that
// is faster: about three times as fast by BenchmarkAnswer, on two processors. It
// holds for all requests from then on.
func (l *Listener) SyncWakeUp() error { return l.syncWakeUp() }

// Close closes the listener. Calls that wait for an answer fail with ENOSYS, and
// so do later ones that would be asked.
func (l *Listener) Close() error { return l.close() }
