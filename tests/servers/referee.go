// What Go's own implementation of transparency logs (golang.org/x/mod/sumdb) says of proofs.
//
// One case a line on standard input, one word a line on standard output. Nothing of ours is in here but taking the lines apart.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

type question struct {
	Vkey  string   `json:"vkey"`
	Note  []byte   `json:"note"`
	Path  []string `json:"path"`
	Index string   `json:"index"`
	Leaf  []byte   `json:"leaf"`
	Old   []byte   `json:"old"`
}

func opened(raw []byte, vkey string) (tlog.Tree, error) {
	verifier, err := note.NewVerifier(vkey)
	if err != nil {
		return tlog.Tree{}, err
	}
	found, err := note.Open(raw, note.VerifierList(verifier))
	if err != nil {
		return tlog.Tree{}, err
	}
	lines := strings.Split(found.Text, "\n")
	if len(lines) != 4 || lines[0] != verifier.Name() || lines[3] != "" {
		return tlog.Tree{}, fmt.Errorf("not a checkpoint of %s", verifier.Name())
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	if err != nil {
		return tlog.Tree{}, err
	}
	root, err := tlog.ParseHash(lines[2])
	return tlog.Tree{N: size, Hash: root}, err
}

func path(lines []string) ([]tlog.Hash, error) {
	hashes := []tlog.Hash{}
	for _, line := range lines {
		hash, err := tlog.ParseHash(line)
		if err != nil {
			return nil, err
		}
		hashes = append(hashes, hash)
	}
	return hashes, nil
}

func judge(asked question) error {
	tree, err := opened(asked.Note, asked.Vkey)
	if err != nil {
		return err
	}
	hashes, err := path(asked.Path)
	if err != nil {
		return err
	}
	if asked.Old != nil {
		old, err := opened(asked.Old, asked.Vkey)
		if err != nil {
			return err
		}
		return tlog.CheckTree(hashes, tree.N, tree.Hash, old.N, old.Hash)
	}
	index, err := strconv.ParseInt(asked.Index, 10, 64)
	if err != nil {
		return err
	}
	return tlog.CheckRecord(hashes, tree.N, tree.Hash, index, tlog.RecordHash(asked.Leaf))
}

func main() {
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 1<<24)
	for lines.Scan() {
		var asked question
		if err := json.Unmarshal(lines.Bytes(), &asked); err != nil {
			fmt.Println("broken", err)
			os.Exit(2)
		}
		if judge(asked) == nil {
			fmt.Println("accepted")
		} else {
			fmt.Println("refused")
		}
	}
}
