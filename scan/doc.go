// Package scan reads a Go executable and says which system calls its code can
// make, and which code makes them. It runs nothing.
//
// The answer is meant to be sound: a call that the program can make is in the
// list, or the list comes with a place that could not be resolved and is not
// to be relied on. Where something is not known the analysis takes the larger
// set; each such place is named below.
//
// # How it works
//
// What differs between architectures is in one file each (arch.go): how
// instructions are decoded into the terms of internal/isa, and which registers
// and places have a meaning. Nothing else knows of them.
//
// Every function of the line table is decoded once (decode.go), and only what
// matters outside of it is kept: calls, jumps out of the function, addresses,
// accesses to variables, system call instructions (facts.go), and the
// conditional jumps that depend on one variable (guard.go).
//
// From the entry point on, the code that can run is found (reach.go). It starts
// with the assumption that every variable that guards a jump keeps its initial
// value, and opens the other way of the jump as soon as code that may change
// the variable becomes reachable (guardset.go). So runtime.iscgo closes the ways
// that only programs with C code take. A function value that a package's
// initialiser puts into variables, and nowhere else, makes its function
// reachable only once reachable code reads one of them (flow.go, latent.go):
// var once = sync.OnceValue(f) does not make f run. The same holds for a function
// value that the linker puts into a variable (globals.go). A little of the runtime is known
// to sleep until other code wakes it, as the profiler's timers do (dormant.go). And
// where no code can make a syscall.SysProcAttr, by which a program asks for a chroot, a
// setuid and the like for the processes that it starts, jumps on its fields fold
// (attributes.go, unmade.go, fold.go).
//
// A method to which only the table of its type leads is called where some interface
// asks for one of that name and type, or by reflection, which finds methods by their
// names, as templates do. How far reflection can come is followed through the
// descriptors of the types (types.go, typeset.go, lookups.go): what is behind fields
// that are not exported is left out, unless code may make values of the types of such.
//
// Then each system call instruction is resolved (climb.go): the number is
// followed backwards, over all ways that lead to the instruction, through
// registers, the stack, constants and arithmetic (values.go, frame.go); a store to an
// element of an array changes no more than the array (bound.go). Where it
// is a parameter the search goes on at every call of the function, and where it
// is a variable at every store to it.
//
// Of the arguments that say what a call is to do (syscalls.Call.Telling) the values
// are found in the same way (terms.go). On the way to where the number is known, it is
// noted where the kernel's six arguments are (arguments.go); from there on each is
// followed by itself, through arithmetic as well, through the results of functions,
// variables and all callers, until nothing new is found. What comes out is a set of
// values, and of bits that can be set or not (bits.go). Where a function passes on two
// of them, its callers are told apart, so that combinations are known (combine.go).
// What cannot be told can be anything: what comes from memory that is allocated, from a
// closure or an interface, the parameters of a function that may be called through a
// pointer, and all arguments of calls that the vDSO or the loader makes, too. A function
// that variables of its own hold, which are used for nothing but to call it, is no
// such (heldcalls.go): net calls syscall.Socket that way. No filter sees what lies
// behind a pointer: the flags of clone3 and openat2.
//
// Calls that no instruction makes are added (implicit.go): what the vDSO falls
// back on, as far as the program reads the address of the vDSO's function, and
// restart_syscall; and where a dynamic loader starts the program, every call
// site in all of the loader's text, marked as its (loader.go). The execve that
// starts the program is its launcher's, and reported apart.
//
// Of a program that is linked with the GNU C library or with musl, the C code is
// followed too (creport.go), be it in libraries or in the program's own file. The
// libraries are loaded as the dynamic loader would do it, and their words get what it
// would put there (internal/elfimage, cimages.go, cgather.go). Functions are what the
// tables for unwinding say, or symbols; where there are neither, a function begins
// where something refers to as one (csplit.go). Where the entry point is C code, Go's
// begins with the function that this hands on (cstart.go). Go's linker puts C code that
// it links itself, such as the race detector's, in the midst of Go's, and nothing of it but
// names into the line table (cforeign.go); where a program needs no library, that is
// treated as assembly, of which no frame is known.
//
// From what Go's code refers to, C code is walked over calls, linkage tables and
// addresses (creach.go). Functions to which data of a loaded library points can be
// called where reachable code names the object that the data is in, or other such data
// points to it (cdata.go); and without that, what the program's own file points to,
// and what the loader and the unwinder call by tables of theirs (croots.go). A
// function that returns at once as long as a variable of its thread is zero waits
// until some code can come to that variable (cthread.go).
//
// The functions of C have numbers like Go's (cbodies.go), and so the same search finds
// system calls and their arguments, through registers, callers and results. On arm64
// the addresses that code makes in two steps, or reaches from others, are put together
// on all ways through a function, and through its parts where the compiler has split
// it (pages.go, cparts.go); the tables of its switches are read for where they lead
// (cswitch.go). What a variable of C holds is not told, nor what is in a frame whose
// address the function takes. Where a function that gets a number has its address in
// the data only, its calls are found by following all pointers to that forwards
// (cheld.go).
//
// What the library loads while the program runs is taken from nsswitch.conf (cnss.go),
// and where characters may be converted all modules for that count (cgconv.go). Where
// C code loads a library by a name that can be told that is followed too, and so are
// the functions that it finds there: all, unless their names can be told (copened.go).
// What is read of a library's functions depends on its file alone, and is kept from one
// scan to the next if there is a Store (cstored.go).
//
// Of a phase that begins later than the program, what can run in it is found by two
// walks: of the code that can run before, and of what goes on or can be called from
// then on (phase.go has the definition, and why it is sound; resume.go finds whose
// calls are still going on, inits.go which initialisers are still to come). Which C code
// Go calls is told by the functions that cgo makes for it (cgocalls.go).
//
// For each place that makes a call there is a chain of functions that leads to it
// from the entry point, as short as can be (chain.go). Where nothing but data
// holds a function (an itab, a type's method table, a variable), the chain goes
// on through the data to the reachable code that refers to it (objects.go). Along
// the same steps, each call is put down to the packages that bring it in
// (origin.go). All of this explains the result and changes nothing about it: how
// data is cut into objects, and what they are, is told by symbols where there are
// any, and else by what refers to them.
//
// # What it assumes
//
//   - Go's own rules for memory: a pointer to a variable stays inside of it.
//     Unsafe code and assembly that leave an object by computed addresses can
//     change a variable unseen.
//   - The limits of variables come from the symbol table. In a stripped binary
//     no variable is taken to keep its value, and a number that is read from one
//     is unresolved, but for the few in the runtime and in the packages of
//     system calls, whose variables are known to begin with it.
//   - The runtime's table of frame sizes is right, as the runtime's own
//     unwinding needs it to be. It tells the stack pointer at every instruction.
//   - Compiled Go code keeps the calling convention of its ABI: no register
//     outlives a call, and X15 on amd64 is zero. A callee, in assembly too, writes
//     only to the part of its caller's frame that its record states.
//   - The names of a few functions of the runtime say what they do: the write
//     barrier's slow path, morestack, the allocator, duffcopy, and the one that
//     makes a call on all threads, the few that sleep (dormant.go), those that tell
//     the race detector which memory is read or written (pointer.go), and
//     systemstack_switch, to which control never goes (middles.go). Where the
//     names were changed the list is longer, not shorter. So with arguments: the
//     method that alone calls a package's mmap, the one that asks addresses for
//     their families, and what the vDSO asks of mmap (heldcalls.go, named.go).
//   - The compiler puts what belongs to the functions that a function calls below its
//     own variables (frame.go, lowestLocal).
//   - The fields of the runtime's own records are changed by the runtime only, and
//     the mark that package reflect gives to values of fields that are not exported is
//     taken off by nobody.
//   - In a position-independent program an address is where a relocation makes
//     one, and nowhere else.
//   - The dynamic loader is the file that is there when the scan is made, and
//     nothing is preloaded (LD_PRELOAD, /etc/ld.so.preload).
//   - Assembly goes to a place that it computes from an address in the code only
//     where that address is inside of a function, not its start, and the place
//     behind it in the same function.
//   - In phases main and locked: the runtime starts once. Nobody but the code at
//     the entry point calls runtime.rt0_go, that makes the one goroutine that runs
//     runtime.main, and that the one call of main.main that is not the program's
//     own; no code but the runtime's calls initialisers. Where the entry point is C
//     code, the C library calls the function of Go that this hands to it once, and
//     nobody goes to the entry point again. What puts a filter in force makes no system call after that on its way back to its caller, but for
//     those that any code can make at any time (it may have to grow its stack).
//   - In C code control comes from a function to another by calls, jumps, switch tables
//     next to an address in the same function, and pointers to functions that code or
//     relocated data holds. Such a pointer can be marked, by less than what the function
//     is aligned to. A table can hold how far functions are from it, or from the place, in
//     32 bits, if code or data names its beginning, it holds nothing else, and a table for
//     unwinding or a symbol says where the functions begin. To a place that is in a
//     switch's table, and nowhere else, only the switches of its function lead. A symbol
//     that nothing defines is not called. In code of which no table says where functions
//     end, a call that padding follows does not return if control comes behind that from
//     elsewhere only; nor, on arm64, does one behind which the code saves the link
//     register.
//   - Functions of Go that are called _Cfunc_NAME, _C2func_NAME and _cgo_cmalloc are cgo's:
//     the variable that such a function reads to pass it to runtime.cgocall is a word for
//     itself, and cgocall calls what it is given and does not keep it. In phases main and
//     locked: a function of C that has returned, or was left by longjmp, does not go on
//     (nobody saves its frames elsewhere and puts them back), and what goes on on a stack
//     that C code has made began with a function that was given by its address, as
//     makecontext asks for.
//   - A function of which the line table has nothing but the name is C code, which ends
//     where the next function begins.
//   - Who calls the vsyscall page has its address in an instruction, and not in the data
//     alone: the C libraries ask the vDSO.
//   - Functions of C leave the registers as they were that the ABI says they keep, and
//     compilers read nothing again behind a call that the callee may have changed.
//     What returns a second time, as setjmp does, reads where it is to return to
//     itself.
//   - An address that C code takes within a section of the data leads to what is in
//     that section. Code comes to an object of a library's data by an address in it,
//     or at most 64 bytes before it. (To go down from the end of an array it names the
//     beginning, too, if something else that holds addresses begins at the end.) An
//     object of which others do not know how large it is ends at the next one, or at
//     an address that is a multiple of 32, that code or data names, and before and
//     behind which there are not the same kinds of words, as elements of an array
//     would be. A part of an object, other than an element, is named by no code and no
//     data if it lies at a multiple of 32. In glibc's section of tables of functions
//     for streams each table that something names is an object.
//   - The number that a function of glibc puts into a record in its frame, right
//     before it passes the record to another, stays there (cbehind.go). In a static
//     program without symbols a function is taken for one of these that knows the signal
//     33 and has glibc's message on futexes that fail. What musl has all threads do gets
//     the record that it was handed over with: in musl, and in static programs, that is a
//     function that ends the program by a SIGKILL to itself, to which nothing else leads
//     than that it is passed to one that knows the signal 34 and tkill (csynccall.go).
//   - glibc's dynamic loader begins once: the function of which its start hands the
//     address to another, which calls it, is not called again (conce.go). It looks up
//     by their names what clooked.go lists.
//   - The libraries, and what says which are loaded, are those that are there when the
//     scan is made, and no variable of the environment changes that (LD_LIBRARY_PATH,
//     GCONV_PATH and the like). What dlsym finds by a name that is not known is a
//     function of a library that code loads, and not of what that needs, unless it is
//     asked for in all (RTLD_DEFAULT). No code reads the tables of symbols itself to find
//     functions, as it could by dl_iterate_phdr, but the loader's and what asks the vDSO.
//     A static program without symbols asks for names as nsswitch.conf has it, and not by
//     __nss_configure_lookup.
//   - A program that asks for no locale has the characters of "C", also where libidn2
//     reads names of hosts for the C library. Of a static program without symbols that
//     holds whatever locale it asks for.
//   - On arm64 no page of an address is passed to another function of C or kept
//     outside of the registers and the frame before it is completed, and a variable is
//     reached from another's address, or from a place between variables, only in the
//     function that makes that address, by adding a constant. No address is made from
//     a multiple of a page. A conditional jump behind which a switch's table is read
//     keeps the index within the table.
//   - The code does not change itself, and makes none at run time.
//   - Only if Options.Assume says so: nobody sets GODEBUG or GOTRACEBACK in the
//     program's environment (environment.go), and where it cannot be told which library
//     C code loads, it is one of those given.
//
// # Where it takes more than can happen
//
//   - A function that anything in the data points to can be called, and so can a
//     method that an interface asks for, or that reflection can come to, by whatever
//     code is in the program. (Method tables are known by the form of their entries:
//     chance finds a few more.) The linker has already dropped the methods and
//     variables that nothing can reach; what only unreachable code would need is
//     still counted. Which values get to the code that looks up methods is not
//     asked: all exported methods of types that get into any interface count then.
//   - What code outside of the packages reflect, text/template, encoding/json, flag
//     and fmt does with reflection is not looked at: where any of it may make values,
//     reflection can come to all types.
//   - An indirect call can reach every function whose address is taken: there
//     is no notion yet of which function values can get where.
//   - Conditions on anything but one variable and a constant are open both ways.
//   - Conditions in C code are open both ways, but for those of cthread.go. In the phases
//     main and locked, whatever C code makes a pointer to, at any time, can be called:
//     what it passes to a function that calls it and returns, too.
//   - A library's data counts by whole objects, and small objects with what is before
//     them; of the program's own C code, all data counts.
//
// # Limitations
//
// Executables for linux/amd64 and linux/arm64 of Go 1.17 or later. C code is
// analysed where the C library is glibc or musl. Any other program that
// contains C code, or is linked with a library, has that as an unresolved place,
// and so have those that are built to find faults of memory (-msan, -asan).
package scan
