// Package notify is the supervisor's side of [curb.Notify]: a process that answers
// system calls in the place of the kernel, for a program that it has started
// (seccomp user notification, Linux 5.0; seccomp_unotify(2)).
//
//	policy := curb.Allow(names...).On("openat", curb.Notify)
//	listener, program, err := notify.Start(notify.Command{Path: "/bin/cat"}, policy)
//	…
//	for {
//		request, err := listener.Receive(ctx)
//		if errors.Is(err, io.EOF) {
//			break // no process is under the policy any more
//		}
//		…
//		go answer(request) // with request.Fail(syscall.EACCES), for one
//	}
//	program.Wait()
//
// The thread that makes such a call waits until it is answered. A [Request] says
// which call it is, with its arguments, and can be answered once: by an error, by a
// value, by a descriptor that the program is given, or by letting the kernel make
// the call after all. While it is not answered, descriptors can be added to the
// program, and its memory read and written. The example in examples/broker opens
// files for a program that may open none.
//
// Everything here is for use by any number of goroutines. Answer each request in a
// goroutine of its own, or at least soon: its thread does nothing else meanwhile.
//
// # What may be decided, and what not
//
// The program goes on while a request is looked at: its other threads, and
// whoever shares its memory, can change what pointers point to, and which files
// descriptors and paths stand for. So:
//
//   - Numbers in the arguments are safe: the kernel has copied them.
//   - What is read from memory is safe to act upon, and only what was read: open
//     the path that was read, in this process, and hand over the descriptor.
//   - [Request.Continue] is no security boundary. The kernel reads the memory
//     again when it makes the call, and gets what is there by then. Continue what
//     would be harmless with any arguments, and nothing else.
//
// A request can stop waiting at any time: its process was killed, or a signal
// interrupted it. Then every method says [ErrGone]. The number of a thread that
// has ended may be another's by then, so whatever is found out by [Request.TID] in
// another way counts only if [Request.Valid] says so afterwards.
//
// A signal has a call made again, in many cases, once its handler returns: what was
// done for the first one happens twice then. From Linux 5.19 on Start therefore
// asks for SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV, by which only a fatal signal
// ends a call that was received. Before that, Go programs in particular interrupt
// their own calls all the time.
//
// # Who can be supervised
//
// A process cannot supervise itself: the first call of the thread that answers,
// or of one that holds what it needs, would wait for ever. [Start] starts another
// process, and all that it starts in turn is supervised too. [FromFile] takes a
// listener that came in another way, such as over a socket from a container
// runtime.
//
// When a supervisor ends, or closes the listener, all that it has not answered and
// all that would be asked later fails with ENOSYS.
//
// # Limitations
//
//   - Reading memory takes the right to trace the program (ptrace(2)): that of the
//     same user is enough while the program is dumpable, with Yama's
//     restriction too, since it is a descendant.
//   - Reading memory can take as long as the program likes, with a page that a
//     userfaultfd or a FUSE file is behind. It ends when the program is killed.
//   - Before Linux 5.9 the end of all processes is not reported: Receive goes on
//     waiting.
//   - Two processes that receive from one listener get in each other's way: one
//     may wait in the kernel, whatever its context says.
//   - [Start] is for Linux on amd64 and arm64; all else for any Linux. Elsewhere
//     everything builds and says [errors.ErrUnsupported].
package notify
