package main

import (
	"bufio"
	"errors"
	"fmt"
	"strings"
)

// errDeclined is the user's "no".
var errDeclined = errors.New("nothing was changed, as you said no")

// needYes refuses to change a cluster without having asked anybody.
func (e *env) needYes(yes bool) error {
	if !yes && !isTerminal(e.in) {
		return usagef("there is no terminal to ask for confirmation: give --yes")
	}
	return nil
}

// confirm asks a question on the terminal; anything but yes is a no.
func (e *env) confirm(yes bool, format string, args ...any) error {
	if yes {
		return nil
	}
	if err := e.needYes(false); err != nil {
		return err
	}
	fmt.Fprintf(e.err, format+" [y/N] ", args...)
	answer, err := bufio.NewReader(e.in).ReadString('\n')
	if err != nil && answer == "" {
		return errDeclined
	}
	switch strings.ToLower(strings.TrimSpace(answer)) {
	case "y", "yes":
		return nil
	}
	return errDeclined
}
