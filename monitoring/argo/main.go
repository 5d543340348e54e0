// Evaluates conditions of analysis templates with Argo Rollouts' own code: one JSON object a line in, one phase a line out.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"strconv"

	"github.com/argoproj/argo-rollouts/pkg/apis/rollouts/v1alpha1"
	"github.com/argoproj/argo-rollouts/utils/evaluate"
	log "github.com/sirupsen/logrus"
)

type question struct {
	Success string `json:"success"`
	Failure string `json:"failure"`
	// As text: JSON knows no NaN.
	Result []string `json:"result"`
}

func phaseOf(line []byte) (string, error) {
	var asked question
	if err := json.Unmarshal(line, &asked); err != nil {
		return "", err
	}
	result := make([]float64, 0, len(asked.Result))
	for _, text := range asked.Result {
		value, err := strconv.ParseFloat(text, 64)
		if err != nil {
			return "", err
		}
		result = append(result, value)
	}
	metric := v1alpha1.Metric{SuccessCondition: asked.Success, FailureCondition: asked.Failure}
	phase, err := evaluate.EvaluateResult(result, metric, *log.NewEntry(log.New()))
	if err != nil {
		return "", err
	}
	return string(phase), nil
}

func main() {
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		phase, err := phaseOf(lines.Bytes())
		if err != nil {
			phase = "Error: " + err.Error()
		}
		fmt.Println(phase)
	}
}
