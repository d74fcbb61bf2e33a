/** Does something, and counts the turns of the event loop that other work has meanwhile. */
export async function countingTurns<T>(
  work: () => Promise<T>,
): Promise<{ readonly result: T; readonly turns: number }> {
  let turns = 0;
  let isWorking = true;
  const turn = (): void => {
    turns++;
    if (isWorking) setImmediate(turn);
  };
  turn();
  try {
    return { result: await work(), turns };
  } finally {
    isWorking = false;
  }
}
