package inject

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/util/strategicpatch"
)

// originalComment begins a comment that injection leaves above an object when
// the injected pod does not tell all of what it was before. The rest of the
// line is the object's place in the document and what uninject then has to
// add: a strategic merge patch for the pod.
const originalComment = "# meshctl uninject "

// untold is the patch from what restore makes of an injected pod to the
// original; nil if they are the same.
func untold(original, injected *corev1.Pod, owner Owner) ([]byte, error) {
	restored, err := restore(injected, owner)
	if err != nil || equality.Semantic.DeepEqual(original, restored) {
		return nil, err
	}
	from, err := json.Marshal(restored)
	if err != nil {
		return nil, err
	}
	to, err := json.Marshal(original)
	if err != nil {
		return nil, err
	}
	patch, err := strategicpatch.CreateTwoWayMergePatch(from, to, corev1.Pod{})
	if err != nil {
		return nil, fmt.Errorf("writing down what the injected pod does not tell: %w", err)
	}
	if string(patch) == "{}" {
		return nil, nil
	}
	return patch, nil
}

// original is the pod before injection; patch is what the document's comment
// says about it, or nil.
func original(pod *corev1.Pod, owner Owner, patch []byte) (*corev1.Pod, error) {
	restored, err := restore(pod, owner)
	if err != nil || patch == nil {
		return restored, err
	}
	from, err := json.Marshal(restored)
	if err != nil {
		return nil, err
	}
	text, err := strategicpatch.StrategicMergePatch(from, patch, corev1.Pod{})
	if err != nil {
		return nil, fmt.Errorf("applying the comment %q: %w", strings.TrimSpace(originalComment), err)
	}
	pod = &corev1.Pod{}
	if err := json.Unmarshal(text, pod); err != nil {
		return nil, fmt.Errorf("applying the comment %q: %w", strings.TrimSpace(originalComment), err)
	}
	return pod, nil
}

// writeOriginal is the comment for the object at a place in its document.
func writeOriginal(place int, patch []byte) []byte {
	return fmt.Appendf(nil, "%s%d %s\n", originalComment, place, patch)
}

// readOriginals cuts the comments out of those above an object and gives the
// patches by the objects' places.
func readOriginals(comments []byte) (rest []byte, patches map[int][]byte) {
	if !bytes.Contains(comments, []byte(originalComment)) {
		return comments, nil
	}
	patches = map[int][]byte{}
	for line := range bytes.Lines(comments) {
		text, ok := bytes.CutPrefix(line, []byte(originalComment))
		place, patch, _ := bytes.Cut(bytes.TrimSpace(text), []byte(" "))
		at, err := strconv.Atoi(string(place))
		if !ok || err != nil || !json.Valid(patch) {
			rest = append(rest, line...)
			continue
		}
		patches[at] = patch
	}
	return rest, patches
}
