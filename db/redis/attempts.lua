-- Counts payment attempts that may be bad, for several subjects in one call.
-- KEYS: one sorted set per subject. ARGV: the attempt's id, then per subject the limit and the
-- window in ms. A repeated id counts once.
-- Returns 0 when the attempt is allowed, or the ms until it is; and 1 when this call has added it to
-- every set, else 0.
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
local id = ARGV[1]
local wait = 0
for at, key in ipairs(KEYS) do
  local most, window = tonumber(ARGV[2 * at]), tonumber(ARGV[2 * at + 1])
  redis.call('ZREMRANGEBYSCORE', key, '-inf', now - window)
  if not redis.call('ZSCORE', key, id) and redis.call('ZCARD', key) >= most then
    local oldest = redis.call('ZRANGE', key, 0, 0, 'WITHSCORES')
    wait = math.max(wait, 1, oldest[2] + window - now)
  end
end
if wait > 0 then return { wait, 0 } end
local added = 0
for at, key in ipairs(KEYS) do
  added = added + redis.call('ZADD', key, 'NX', now, id)
  redis.call('PEXPIRE', key, ARGV[2 * at + 1])
end
return { 0, added == #KEYS and 1 or 0 }
