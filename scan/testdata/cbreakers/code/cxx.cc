// Ways of C++: tables of virtual functions, exceptions, what threads own.
#include <exception>
#include <functional>
#include <memory>
#include <stdexcept>
#include <thread>
#include <unistd.h>

#include "breaker.h"

namespace {

struct top {
	virtual long run(long x) { return CALL(SYS_msgctl, -1, x, 0, 0); }
	virtual ~top() { CALL(SYS_msgget, 0, 8, 0, 0); }
};
struct left : virtual top {
	long run(long x) override { return CALL(SYS_semget, 0, 0, 16, 0); }
};
struct right : virtual top {
	virtual long more() { return CALL(SYS_shmget, 0, 0, 16, 0); }
};
struct bottom : left, right {
	long run(long x) override { return CALL(SYS_semctl, -1, 0, 2, 0); }
	~bottom() { CALL(SYS_shmctl, -1, 3, 0, 0); }
};
NOINLINE long virtuals(top *t) { return t->run(1); }

struct plain {
	long one(long x) { return CALL(SYS_ioprio_get, x, 0, 0, 0); }
	long two(long x) { return CALL(SYS_kcmp, -1, -1, x, 0); }
};
NOINLINE long member(plain *p, long (plain::*f)(long), long x) { return (p->*f)(x); }

NOINLINE long function(std::function<long(long)> f) { return f(4); }

// Exceptions: what is caught, what cleans up, what a function may throw.
struct guard {
	long v;
	~guard() { CALL(SYS_membarrier, 0, v, 0, 0); }
};
NOINLINE void throws(long x) {
	if (x)
		throw std::runtime_error("it");
}
NOINLINE long catches() {
	guard g{5};
	try {
		guard h{6};
		throws(1);
	} catch (const std::exception &e) {
		return CALL(SYS_setns, -1, 7, 0, 0);
	}
	return 0;
}

// Returns only by way of its handler.
NOINLINE void always() {
	try {
		throw 1;
	} catch (int) {
	}
}
NOINLINE long after_always(long x) {
	int op = 1;
	if (x) {
		op = 2;
		always();
	}
	return CALL(SYS_fadvise64, -1, 0, 0, op);
}

NOINLINE long changed_by_throw(long x) {
	int op = 40;
	try {
		op = 41;
		throws(x);
		op = 42;
		throws(x + 1);
	} catch (...) {
	}
	return CALL(SYS_signalfd4, -1, 0, 8, op);
}

struct owned {
	owned() { CALL(SYS_timerfd_create, 100, 1, 0, 0); }
	~owned() { CALL(SYS_eventfd2, 0, 3, 0, 0); }
	long x = 1;
};
thread_local owned mine;
struct global {
	global() { CALL(SYS_epoll_ctl, -1, 9, -1, 0); }
	~global() { CALL(SYS_personality, 0xffffffff, 0, 0, 0); }
};
global all;
NOINLINE long statics() {
	static owned once;
	return once.x;
}

void nothing_left() {
	CALL(SYS_getpgrp, 0, 0, 0, 0);
	exit(0);
}
NOINLINE void must_not() noexcept { throws(1); }

template <class T> long generic(T t) { return t(); }

} // namespace

extern "C" void cxx(void) {
	{
		bottom b;
		virtuals(&b);
		right *r = &b;
		r->more();
		left l;
		virtuals(&l);
		top t;
		virtuals(&t);
	}
	plain p;
	member(&p, same(0) ? &plain::one : &plain::two, 3);
	long v = same(11);
	function([v](long x) { return CALL(SYS_clock_getres, 90 + v - 11 + x, 0, 0, 0); });
	catches();
	after_always(same(0));
	after_always(same(1));
	changed_by_throw(same(0));
	changed_by_throw(same(1));
	statics();
	std::thread([] { mine.x++; }).join();
	std::shared_ptr<plain> s(new plain, [](plain *x) { CALL(SYS_set_mempolicy, 99, 0, 0, 0); delete x; });
	s.reset();
	generic([] { return CALL(SYS_pkey_free, -1, 0, 0, 0); });
	std::set_terminate(nothing_left);
	must_not();
}
