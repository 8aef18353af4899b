-- Counts payment attempts that are not known to be good, by several subjects at once.
-- KEYS: one sorted set a subject. ARGV: the attempt's id, then of each subject how many, and for
-- how many ms each counts. An attempt that is there already is the same one, and counts once.
-- Answers 0 when it may be made, else the ms until it may.
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
if wait > 0 then return wait end
for at, key in ipairs(KEYS) do
  redis.call('ZADD', key, 'NX', now, id)
  redis.call('PEXPIRE', key, ARGV[2 * at + 1])
end
return 0
