-- Admits an attempt of an unknown device to sign in to an account.
-- KEYS: failures of this caller at this account (sorted set), failures of all unknown devices at it
-- (sorted set), the turns of callers at it (sorted set of caller by ms).
-- ARGV: the attempt's id, the caller, its most failures, the account's free failures, the window in
-- ms, the gap between two turns in ms.
-- A caller with too many failures waits until the oldest is forgotten. Once the account has too
-- many, callers take turns, one a gap, and the gap grows with the failures: guesses are bounded
-- whatever the number of addresses. Turns are booked for one window ahead at most, so that a wait is
-- never longer; where the window is full, a caller is refused without a turn.
-- Returns 0 when the attempt is allowed, else the ms until it is, or until a turn may be booked.
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
local id, caller = ARGV[1], ARGV[2]
local most, free = tonumber(ARGV[3]), tonumber(ARGV[4])
local window, gap = tonumber(ARGV[5]), tonumber(ARGV[6])
for _, key in ipairs(KEYS) do redis.call('ZREMRANGEBYSCORE', key, '-inf', now - window) end
if redis.call('ZCARD', KEYS[1]) >= most then
  local oldest = redis.call('ZRANGE', KEYS[1], 0, 0, 'WITHSCORES')
  return math.max(1, oldest[2] + window - now)
end
local failures = redis.call('ZCARD', KEYS[2])
if failures >= free then
  local turn = tonumber(redis.call('ZSCORE', KEYS[3], caller) or nil)
  if not turn then
    local last = tonumber(redis.call('ZRANGE', KEYS[3], -1, -1, 'WITHSCORES')[2] or 0)
    turn = math.max(now, last) + gap * math.floor(failures / free)
    if turn > now + window then return turn - window - now end
    redis.call('ZADD', KEYS[3], turn, caller)
    redis.call('PEXPIREAT', KEYS[3], turn + window)
  end
  if turn > now then return turn - now end
  redis.call('ZREM', KEYS[3], caller)
end
for at = 1, 2 do
  redis.call('ZADD', KEYS[at], now, id)
  redis.call('PEXPIRE', KEYS[at], window)
end
return 0
