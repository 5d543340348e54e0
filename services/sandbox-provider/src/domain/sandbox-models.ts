export const sandboxModels = ["sandbox-small", "sandbox-large"] as const;

export const isSandboxModel = (model: string): boolean => sandboxModels.some((one) => one === model);
