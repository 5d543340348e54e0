const bytesPerToken = 4;

export const estimatePromptTokens = (bodyBytes: number): number => Math.ceil(bodyBytes / bytesPerToken);
