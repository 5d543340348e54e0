/** What `/health` of every service says that it runs: the services are built and released together. */
export const platformVersion = "0.1.0";
