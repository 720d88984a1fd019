// Each step returns 0, or the line at which it failed.
int threads(void);
int callback_threads(void);
int cancel(void);
int memory(void);
int files(void);
int processes(void);
int signals(void);
int timers(void);
int waits(void);
int shared(void);
int locales(void);
int loads(void);
int lookups(void);
int direct(void);
int aborts(void);

int calledFromC(int);
