package wsman

import (
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// take reads one reply to a Receive and reports whether the command is done.
// Streams and states of another command are refused, a State that is not Done is
// "go on" whatever it is called (MS-WSMV 2.2.4.10 knows Pending and Running).
func (s *shell) take(reply node) (done bool, err error) {
	if reply.name != "ReceiveResponse" {
		return false, errors.New("the reply is not that of a Receive")
	}
	before := len(s.result.Stdout) + len(s.result.Stderr)
	for _, part := range reply.children {
		if id := part.attr("CommandId"); id != "" && !strings.EqualFold(id, s.process) {
			return false, errors.New("the reply is about another command")
		}
		switch part.name {
		case "Stream":
			err = s.takeStream(part)
		case "CommandState":
			if strings.HasSuffix(part.attr("State"), "/CommandState/Done") {
				done = true
				s.result.ExitCode, err = exitCode(part)
			}
		}
		if err != nil {
			return false, err
		}
	}
	if s.silent++; len(s.result.Stdout)+len(s.result.Stderr) > before {
		s.silent = 0
	}
	return done, nil
}

func (s *shell) takeStream(stream node) error {
	var into *[]byte
	switch name := stream.attr("Name"); name {
	case "stdout":
		into = &s.result.Stdout
	case "stderr":
		into = &s.result.Stderr
	default:
		return fmt.Errorf("the reply has a stream %q that was not asked for", clip(name))
	}
	text := strings.TrimSpace(stream.text)
	if base64.StdEncoding.DecodedLen(len(text)) > maxOutput-len(s.result.Stdout)-len(s.result.Stderr) {
		return fmt.Errorf("the command prints more than %d bytes", maxOutput)
	}
	var err error
	if *into, err = base64.StdEncoding.AppendDecode(*into, []byte(text)); err != nil {
		return errors.New("the command's output is not valid base64")
	}
	return nil
}

// exitCode is given as cmd.exe shows it, whether the host sends it signed or not.
func exitCode(state node) (int, error) {
	code, ok := state.find("ExitCode")
	n, err := strconv.ParseInt(strings.TrimSpace(code.text), 10, 64)
	if !ok || err != nil || n < -1<<31 || n > 1<<32-1 {
		return 0, fmt.Errorf("the command ended without an exit code (%q)", clip(code.text))
	}
	return int(int32(uint32(n))), nil
}
