#pragma once

typedef void (*callback)(void);

int prepare(void);
void clones(void);
void passes(void);
void blocked(void);
void await_blocked(void);
void kept(void);
void calls(callback f);
int only_before(void);
void number_before(void);
void number_behind(void);
void both(void);
void locks(void);
void use(void);
void finish(void);
